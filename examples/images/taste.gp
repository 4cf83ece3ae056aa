# taste.gp - accuracy against the number of target records, mean and standard deviation over samples
#
#	examples/images/run -o FOLDER
#	gnuplot -e "table = 'FOLDER/taste.txt'; picture = 'taste.png'" taste.gp

set terminal pngcairo size 1000,640 font 'sans,12' linewidth 1.5
set output picture
set title 'What a person likes: a net that knows clothes, and none' font ',15'
set xlabel 'pictures liked or not'
set ylabel 'accuracy on 5,000 others'
set logscale x
set xtics nomirror
set ytics nomirror format '%.2f'
set grid ytics linecolor rgb '#dddddd' linetype 1 linewidth 0.7
set border 3 linecolor rgb '#666666'
set key bottom right reverse Left spacing 1.3
set offsets graph 0.03, graph 0.03, graph 0.05, graph 0.03
stats table using 1 name 'n' nooutput
set xrange [n_min / 1.2 : n_max * 1.2]
scratch = '#8c8c8c'
append = '#0072b2'
replace = '#e69f00'
auto = '#009e73'
plot table using 1:14:15:xtic(1) with yerrorbars pointtype 9 pointsize 1.3 linecolor rgb auto notitle, \
     table using 1:14 with linespoints pointtype 9 pointsize 1.3 linecolor rgb auto title 'auto', \
     table using 1:2:3 with yerrorbars pointtype 5 pointsize 0.9 linecolor rgb scratch notitle, \
     table using 1:2 with linespoints pointtype 5 pointsize 0.9 linecolor rgb scratch title 'from scratch', \
     table using 1:10:11 with yerrorbars pointtype 13 pointsize 1.1 linecolor rgb replace notitle, \
     table using 1:10 with linespoints pointtype 13 pointsize 1.1 linecolor rgb replace title 'head replaced, the rest frozen', \
     table using 1:6:7 with yerrorbars pointtype 7 pointsize 1.1 linecolor rgb append notitle, \
     table using 1:6 with linespoints pointtype 7 pointsize 1.1 linecolor rgb append title 'head appended, the net frozen'
