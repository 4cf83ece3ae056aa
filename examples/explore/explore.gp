# explore.gp - clicks lost, and what is believed of the new item, by round
#
#	run -o FOLDER
#	gnuplot -e "table = 'FOLDER/explore.txt'; picture = 'FOLDER/explore.png'; new = 11" explore.gp

set terminal pngcairo size 1000,900 font 'sans,12' linewidth 1.5
set output picture
set multiplot layout 2, 1
set lmargin 9
set rmargin 3
set xtics nomirror
set ytics nomirror
set grid ytics linecolor rgb '#dddddd' linetype 1 linewidth 0.7
set border 3 linecolor rgb '#666666'
set xlabel 'round of 200 visits'
greedy = '#8c8c8c'
optimistic = '#e69f00'
thompson = '#0072b2'
set key top left reverse Left spacing 1.3
set arrow 1 from new, graph 0 to new, graph 1 nohead dashtype 3 linecolor rgb '#666666'
set label 1 'a new item comes' at new, graph 0.97 offset 0.7, 0 textcolor rgb '#666666'
set xrange [0:*]
set yrange [0:*]

set title 'What exploring costs, and what it saves' font ',15'
set ylabel 'clicks lost so far'
plot table using 1:2 with lines linewidth 2 linecolor rgb greedy title 'greedy: score', \
     table using 1:6 with lines linewidth 2 linecolor rgb optimistic title 'optimistic: score --ucb 1', \
     table using 1:10 with lines linewidth 2 linecolor rgb thompson title 'Thompson: score --sample'

set title 'What is believed of the new item: mean and standard deviation' font ',15'
set ylabel 'its click-through rate'
set ytics format '%.2f'
set style fill transparent solid 0.18 noborder
unset label 1
set label 2 'truth' at graph 0.01, first 0.35 offset 0, 0.6
unset key
plot table using 1:($4 - $5):($4 + $5) with filledcurves linecolor rgb greedy, \
     table using 1:($8 - $9):($8 + $9) with filledcurves linecolor rgb optimistic, \
     table using 1:($12 - $13):($12 + $13) with filledcurves linecolor rgb thompson, \
     0.35 with lines dashtype 2 linecolor rgb '#000000', \
     table using 1:4 with lines linewidth 2 linecolor rgb greedy, \
     table using 1:8 with lines linewidth 2 linecolor rgb optimistic, \
     table using 1:12 with lines linewidth 2 linecolor rgb thompson
unset multiplot
