# learning-curve.gp - AUC against the number of target records, mean and standard deviation over samples
#
#	learning-curve ... >table.txt
#	gnuplot -e "table = 'table.txt'; picture = 'picture.png'" learning-curve.gp

set terminal pngcairo size 1000,640 font 'sans,12' linewidth 1.5
set output picture
set title 'What transfer gains' font ',15'
set xlabel 'target records learnt from'
set ylabel 'AUC on test records'
set logscale x
set xtics nomirror
set ytics nomirror format '%.3f'
set grid ytics linecolor rgb '#dddddd' linetype 1 linewidth 0.7
set border 3 linecolor rgb '#666666'
set key bottom right reverse Left spacing 1.3
set offsets graph 0.03, graph 0.03, graph 0.05, graph 0.03
target = '#8c8c8c'
source = '#e69f00'
tuned = '#0072b2'
auto = '#009e73'
stats table using 1 name 'n' nooutput
stats table using 6 name 'source' nooutput
set xrange [n_min / 1.2 : n_max * 1.2]
plot table using 1:15:16:xtic(1) with yerrorbars pointtype 9 pointsize 1.3 linecolor rgb auto notitle, \
     table using 1:15 with linespoints pointtype 9 pointsize 1.3 linecolor rgb auto title 'source, then target: auto', \
     table using 1:10:11 with yerrorbars pointtype 7 pointsize 1.1 linecolor rgb tuned notitle, \
     table using 1:10 with linespoints pointtype 7 pointsize 1.1 linecolor rgb tuned title 'source, then target: shift 0.01', \
     source_mean with lines dashtype 2 linecolor rgb source title 'source only', \
     table using 1:2:3 with yerrorbars pointtype 5 pointsize 0.9 linecolor rgb target notitle, \
     table using 1:2 with linespoints pointtype 5 pointsize 0.9 linecolor rgb target title 'target only'
