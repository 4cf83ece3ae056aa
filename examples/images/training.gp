# training.gp - accuracy of each pass, on the pictures learnt from (of the first pass on the last of them) and on others
#
#	pretrain -e 10 --valid FILE --log training.tsv ...
#	gnuplot -e "table = 'training.tsv'; picture = 'training.png'" training.gp

set terminal pngcairo size 800,560 font 'sans,12' linewidth 1.5
set output picture
set title 'Ten kinds of clothes: accuracy by pass' font ',15'
set xlabel 'passes over 60,000 pictures'
set ylabel 'accuracy'
set xtics 1 nomirror
set ytics nomirror format '%.2f'
set grid ytics linecolor rgb '#dddddd' linetype 1 linewidth 0.7
set border 3 linecolor rgb '#666666'
set key bottom right reverse Left spacing 1.3
stats table using 1 name 'pass' nooutput
set xrange [0.5 : pass_max + 0.5]
set offsets 0, 0, graph 0.05, graph 0.03
plot table using (strcol(6) eq '-' ? NaN : $1):4 with linespoints pointtype 5 pointsize 0.9 linecolor rgb '#8c8c8c' \
     title 'learnt from, before each is learnt again', \
     table using (strcol(6) eq '-' ? NaN : $1):6 with linespoints pointtype 7 pointsize 1.1 linecolor rgb '#0072b2' title 'others'
