# curve.gp - recall of the next item against the number of target sessions
#
#	gnuplot -e "table = 'countries.txt'; picture = 'picture.png'" curve.gp

set terminal pngcairo size 1000,640 font 'sans,12' linewidth 1.5
set output picture
set title 'From Poland to other countries' font ',15'
set xlabel 'target sessions learnt from'
set ylabel 'recall at 20 of the next item'
set logscale x
set xtics nomirror
set ytics nomirror format '%.2f'
set grid ytics linecolor rgb '#dddddd' linetype 1 linewidth 0.7
set border 3 linecolor rgb '#666666'
set key bottom right reverse Left spacing 1.3
set offsets 0, 0, graph 0.05, graph 0.03
rows(method) = sprintf("< awk '/sessions: %s / { print $2, $5 }' '%s'", method, table)
stats sprintf("< awk '/^GRU, source/ { print $3 }' '%s'", table) using 1 name 'source' nooutput
stats rows('target') using 1 name 'n' nooutput
set xrange [n_min / 1.2 : n_max * 1.2]
plot rows('fine-tuned') using 1:2:xtic(1) with linespoints pointtype 7 linecolor rgb '#0072b2' title 'Poland, then these: fine-tuned', \
     rows('auto') with linespoints pointtype 9 linecolor rgb '#009e73' title 'Poland, then these: auto', \
     source_mean with lines dashtype 2 linecolor rgb '#e69f00' title 'Poland only', \
     rows('target') with linespoints pointtype 5 linecolor rgb '#8c8c8c' title 'target only'
