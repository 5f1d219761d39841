# Lets a connection table go on: each connection that is answered, and neither over
# nor half-open, has carried a sixtieth more for every second.
#
# usage: awk -v seconds=SECONDS -f carry.awk TABLE

/UNREPLIED|TIME_WAIT|CLOSE|LAST_ACK|FIN_WAIT|SYN_/ { print; next }

{
    for (word = 1; word <= NF; word++) {
        if (split($word, figure, "=") == 2 && figure[1] ~ /^(packets|bytes)$/) {
            $word = figure[1] "=" int(figure[2] * (1 + seconds / 60))
        }
    }
    print
}
