# months.gp - recall of the next item by month, of models that get old and of models that are kept fresh
#
#	gnuplot -e "table = 'months.txt'; picture = 'picture.png'" months.gp

set terminal pngcairo size 1000,640 font 'sans,12' linewidth 1.5
set output picture
set title 'A model of April, month by month' font ',15'
set xlabel 'month asked about'
set ylabel 'recall at 20 of the next item'
set xtics nomirror ('May' 5, 'June' 6, 'July' 7, 'August' 8)
set ytics nomirror format '%.3f'
set grid ytics linecolor rgb '#dddddd' linetype 1 linewidth 0.7
set border 3 linecolor rgb '#666666'
set key top left reverse Left spacing 1.3
set offsets graph 0.05, graph 0.05, graph 0.08, graph 0.03
rows(name) = sprintf("< awk '/^%s / { for (i = 3; i < NF; i += 2) print 5 + (i - 3) / 2, $i }' '%s'", name, table)
plot rows('GRU +tuned') with linespoints pointtype 7 linecolor rgb '#0072b2' title 'GRU, fine-tuned each month', \
     rows('GRU +stale') with linespoints pointtype 5 linecolor rgb '#e69f00' title 'GRU of April', \
     rows('GRU +scratch') with linespoints pointtype 9 linecolor rgb '#8c8c8c' title 'GRU of the last month alone', \
     rows('beliefs +tuned') with linespoints pointtype 6 dashtype 2 linecolor rgb '#0072b2' title 'beliefs, each month', \
     rows('beliefs +stale') with linespoints pointtype 4 dashtype 2 linecolor rgb '#e69f00' title 'beliefs of April'
