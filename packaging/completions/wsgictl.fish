# fish completion for wsgictl(1)

function __wsgictl_apps
    for file in /etc/wsgictl/apps.d/*.ini /usr/share/wsgictl/apps.d/*.ini
        basename $file .ini
    end
end

function __wsgictl_generations
    set -l words (commandline -opc)
    test (count $words) -eq 3; and ls /var/lib/wsgictl/$words[3]/generations 2>/dev/null
end

set -l commands check render apply reload rollback start stop restart status logs remove
set -l several check render apply reload start stop restart status

complete -c wsgictl -f
complete -c wsgictl -n "not __fish_seen_subcommand_from $commands" -a "$commands"
complete -c wsgictl -n "not __fish_seen_subcommand_from $commands" -l user -d 'work on your own user manager'
complete -c wsgictl -n "not __fish_seen_subcommand_from $commands" -l root -r -d 'work on the files of another root'
complete -c wsgictl -n "__fish_seen_subcommand_from $several" -a '(__wsgictl_apps)'
complete -c wsgictl -n '__fish_seen_subcommand_from rollback logs remove; and test (count (commandline -opc)) -eq 2' -a '(__wsgictl_apps)'
complete -c wsgictl -n '__fish_seen_subcommand_from rollback' -a '(__wsgictl_generations)'
complete -c wsgictl -n '__fish_seen_subcommand_from apply reload rollback' -l no-wait
complete -c wsgictl -n '__fish_seen_subcommand_from apply' -l dry-run
complete -c wsgictl -n '__fish_seen_subcommand_from status' -l json
complete -c wsgictl -n '__fish_seen_subcommand_from logs' -s f -l follow
complete -c wsgictl -n '__fish_seen_subcommand_from logs' -s n -l lines -x
complete -c wsgictl -n '__fish_seen_subcommand_from render' -s o -l output -r
