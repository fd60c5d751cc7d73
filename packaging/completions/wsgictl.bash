# bash completion for wsgictl(1)

_wsgictl_apps() {
	local file
	for file in /etc/wsgictl/apps.d/*.ini /usr/share/wsgictl/apps.d/*.ini; do
		[ -e "$file" ] && basename "$file" .ini
	done
}

_wsgictl() {
	local cur=${COMP_WORDS[COMP_CWORD]} command='' app='' word options=''
	for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		case $word in
			-*) ;;
			*) if [ -z "$command" ]; then command=$word; elif [ -z "$app" ]; then app=$word; fi ;;
		esac
	done
	case $command in
		'') options='check render apply reload rollback start stop restart status logs remove --user --root --version --help' ;;
		rollback)
			options='--no-wait --help'
			[ -z "$app" ] || options+=" $(ls "/var/lib/wsgictl/$app/generations" 2>/dev/null)" ;;
		apply) options='--dry-run --no-wait --help' ;;
		reload) options='--no-wait --help' ;;
		render) options='--output --help' ;;
		status) options='--json --help' ;;
		logs) options='--follow --lines --help' ;;
		*) options='--help' ;;
	esac
	case $command in
		'') ;;
		rollback | logs | remove) [ -n "$app" ] || options+=" $(_wsgictl_apps)" ;;
		*) options+=" $(_wsgictl_apps)" ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
	case $command in
		check | render) mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -X '!*.ini' -- "$cur") ;;
	esac
}

complete -F _wsgictl wsgictl
