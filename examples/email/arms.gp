# arms.gp - click-through rate by arm, with its interval
#
#	ctr -C -H -g segment -y visit hillstrom.csv >table.tsv
#	gnuplot -e "table = 'table.tsv'; picture = 'picture.png'" arms.gp

set terminal pngcairo size 800,560 font 'sans,12' linewidth 1.5
set output picture
set datafile separator tab
set title 'Customers who visit, by the e-mail they got' font ',15'
set ylabel 'CTR, with 95 % interval'
set yrange [0:*]
set xrange [-0.6:2.6]
set xtics nomirror scale 0
set ytics nomirror format '%.2f'
set grid ytics linecolor rgb '#dddddd' linetype 1 linewidth 0.7
set border 3 linecolor rgb '#666666'
set style fill solid 1 noborder
set boxwidth 0.55
unset key
plot table every ::1 using 0:4:xtic(1) with boxes linecolor rgb '#8fbfdc', \
     table every ::1 using 0:4:5:6 with yerrorbars pointtype 7 pointsize 0.5 linewidth 1.2 linecolor rgb '#1f3d52', \
     table every ::1 using 0:6:(sprintf('%.1f %%', 100 * $4)) with labels offset 0, 1 textcolor rgb '#1f3d52'
