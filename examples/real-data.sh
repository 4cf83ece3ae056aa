# real-data.sh - what the examples on real data have in common. Each sources it first; then these are set:
#
#	examples  this folder        tmp  a folder that goes when the script ends
#	folder    where tables and pictures are kept (-o); else tmp
#	data      folder of the data, once find_data has found it

set -eu
LC_ALL=C
export LC_ALL
examples=$(cd "$(dirname "$0")/.." && pwd)
PATH=${BIN:-$examples/../bin}:$PATH
if ! command -v pretrain >/dev/null; then
	echo "${0##*/}: there are no programs yet: type make" >&2
	exit 2
fi
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM
folder=$tmp

usage() {
	echo 'usage: run [-o FOLDER] [DATA [n...]]' >&2
	exit 2
}

while getopts o: option; do
	case $option in
	o) folder=$OPTARG ;;
	*) usage ;;
	esac
done
mkdir -p "$folder"

has() { # folder, file: as it is or compressed
	[ -e "$1/$2" ] || [ -e "$1/$2.gz" ]
}

# Sets data to the folder named $4, or to that of this example beside the project, in it, or where Debian's packages of
# data go. Leaves if the file is not there: in peace where no folder was named.
find_data() { # folder, file, where a person gets it, folder named
	data=${4-}
	if [ -n "$data" ]; then
		if ! has "$data" "$2"; then
			echo "run: no $2 in $data; it comes from $3" >&2
			exit 2
		fi
		return
	fi
	for data in "$examples/../../shared/data/$1" "$examples/../data/$1" "/usr/share/datasets/$1"; do
		if has "$data" "$2"; then
			return
		fi
	done
	echo "skipped: there is no data/$1/$2; it comes from $3"
	exit 0
}

unpack() { # file of the data: into tmp, its lines ended as ours are
	if [ -e "$data/$1" ]; then
		cat "$data/$1" >"$tmp/packed"
	else
		gzip -dc "$data/$1.gz" >"$tmp/packed"
	fi
	tr -d '\r' <"$tmp/packed" >"$tmp/$1"
}

say() { # headline
	printf '\n%s\n\n' "$1"
}

plot() { # script, table, picture: draws it where tables are kept and gnuplot is there
	if [ "$folder" != "$tmp" ] && command -v gnuplot >/dev/null; then
		gnuplot -e "table = '$folder/$2'; picture = '$folder/$3'" "$1"
	fi
}
