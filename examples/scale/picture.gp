# picture.gp - what shards cost, and what rounds bring back
#
#	gnuplot -e "table = 'table.tsv'; picture = 'picture.png'" picture.gp

set terminal pngcairo size 1000,640 font 'sans,12' linewidth 1.5
set output picture
set title 'Log-loss of pooled shards, as a multiple of one pass' font ',15'
set xlabel 'shards'
set logscale x 4
set xtics nomirror (1, 4, 16, 64, 256, 1024)
set ytics nomirror format '%.3f'
set grid ytics linecolor rgb '#dddddd' linetype 1 linewidth 0.7
set border 3 linecolor rgb '#666666'
set key top left reverse Left spacing 1.3
set offsets graph 0.03, graph 0.03, graph 0.08, graph 0.03
stats table using 2 name 'round' nooutput
rows(r) = sprintf("< awk '$2 == %d && $1 > 1' '%s'", r, table)
plot for [r = 1:int(round_max)] rows(r) using 1:4 with linespoints pointtype 7 \
	linecolor rgb word('#8c8c8c #0072b2 #e69f00 #009e73 #cc79a7', (r - 1) % 5 + 1) \
	title r == 1 ? 'one round' : sprintf('%d rounds', r), \
	1 with lines dashtype 2 linecolor rgb '#666666' title 'one pass'
