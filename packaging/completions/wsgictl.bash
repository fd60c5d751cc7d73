# bash completion for wsgictl(1). It looks at files only: no command is run, and systemd is not asked. What the files of
# another root are called is compared and never expanded, as compgen -W would.

_wsgictl() {
	local cur=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command='' app='' root='' words=() at file
	local apps=(/etc/wsgictl/apps.d /usr/share/wsgictl/apps.d) state=/var/lib/wsgictl
	for ((at = 1; at < COMP_CWORD; at++)); do
		case ${COMP_WORDS[at]} in
			--root)
				# --root=DIR are three words here.
				[ "${COMP_WORDS[at + 1]-}" != = ] || ((at++))
				root=${COMP_WORDS[++at]-} ;;
			--user)
				apps=("${XDG_CONFIG_HOME:-$HOME/.config}/wsgictl/apps.d")
				state=${XDG_STATE_HOME:-$HOME/.local/state}/wsgictl ;;
			-o | --output | -n | --lines) ((at++)) ;;
			-*) ;;
			*) if [ -z "$command" ]; then command=${COMP_WORDS[at]}; elif [ -z "$app" ]; then app=${COMP_WORDS[at]}; fi ;;
		esac
	done
	case $root in '~' | '~/'*) root=$HOME${root#'~'} ;; esac
	if [ "$before" = = ]; then before=${COMP_WORDS[COMP_CWORD - 2]}; elif [ "$cur" = = ]; then cur=''; fi
	case $before in
		--root | -o | --output)
			compopt -o dirnames
			return ;;
		-n | --lines) return ;;
	esac
	case $command in
		'') words=(check render apply reload rollback start stop restart status logs remove proxy import init --user --root --version --help) ;;
		apply) words=(--dry-run --no-wait --help) ;;
		reload | rollback) words=(--no-wait --help) ;;
		render) words=(--output --help) ;;
		status) words=(--json --help) ;;
		init) words=(--write --help) ;;
		logs) words=(--follow --lines --help) ;;
		*) words=(--help) ;;
	esac
	case $command,$app in
		,*) ;;
		proxy,) words=(apache nginx --help) ;;
		import,) words=(apache --help) ;;
		import,?*) compopt -o default ;;
		init,) compopt -o dirnames ;;
		init,?*) ;;
		rollback,?*)
			# What a rollback takes: generations that have a unit, but the one that serves.
			for file in "$root$state/$app"/generations/*/unit.service; do
				file=${file%/unit.service}
				[ ! -d "$file" ] || [ "$file" -ef "$root$state/$app/current" ] || words+=("${file##*/}")
			done ;;
		logs,?* | remove,?*) ;;
		*)
			for file in "${apps[@]/#/$root}"; do
				for file in "$file"/*.ini; do
					file=${file##*/}
					words+=("${file%.ini}")
				done
			done ;;
	esac
	# As apps are called; also what a pattern is that nothing matches.
	mapfile -t COMPREPLY < <(for file in "${words[@]}"; do
		[[ $file == *[!a-z0-9_.-]* || $file != "$cur"* ]] || printf '%s\n' "$file"
	done | LC_ALL=C sort -uV)
	case $command in
		check | render) mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -X '!*.ini' -- "$cur") ;;
	esac
}

complete -F _wsgictl wsgictl
