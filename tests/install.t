#!/bin/sh
# install.t - make install, under another name and in another root, and make uninstall.

# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
cd "$here/.." || exit
PROGRAMS=$(sed -n 's/^PROGRAMS = //p' Makefile)
usr=$tmp/root/usr

house() { # target
	MAKEFLAGS='' make -s "$1" BIN="$bin" DESTDIR="$tmp/root" PREFIX=/usr PROGPREFIX=weir-
}

t 'make install' 0 - '' house install
for p in $PROGRAMS; do
	t "weir-$p" 0 - '' "$usr/bin/weir-$p" --version
	t "weir-$p has its page" 0 '' '' cmp "man/$p.1" "$usr/share/man/man1/weir-$p.1"
	"$p" --completion | sed "s/ $p\$/ weir-$p/" >"$tmp/completion"
	t "weir-$p completes its options" 0 '' '' cmp "$tmp/completion" "$usr/share/bash-completion/completions/weir-$p"
done
is 'the pages of all' "$(cd "$usr/share/man" && ls man5 man7 | paste -s -d ' ' -)" 'man5: weir.5  man7: weir.7'
t 'make uninstall' 0 - '' house uninstall
is 'nothing is left' "$(find "$tmp/root" -type f)" ''
done_testing
