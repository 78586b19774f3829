# Draws what `kvwire curve --csv curve.csv` writes:
#   gnuplot -c client/curve/curve.gnuplot curve.csv curve.svg
set terminal svg size 1000,700 font "sans,13" background "white"
set output ARG2
set datafile separator comma
set xlabel "part of the bits that come out wrong, p"
set ylabel "bits on the wire for a bit of payload"
set xrange [0:0.52]
set yrange [0.001:10000]
set logscale y 10
set format y "%g"
set grid
set key outside right
series = "floor baseline quantiser evictor sketch foreign"
only(name) = strcol("series") eq name ? column("error_rate") : NaN
plot ARG1 using (only("curve")):"curve" with lines lw 2 lc "black" title "1 - H_b(p)", \
  for [name in series] ARG1 using (only(name)):"wire" with points pt 7 ps 0.7 title name, \
  ARG1 using (strcol("series") ne "curve" && strcol("series") ne "floor" ? column("error_rate") : NaN):"wire":"algorithm" \
    with labels left offset 0.6,0 font "sans,8" noenhanced notitle
