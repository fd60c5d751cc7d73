# fish completion for wsgictl(1). It looks at files only: no command is run, and systemd is not asked.

function __wsgictl_user
    contains -- --user (commandline -opc)
end

# DIR of --root DIR or --root=DIR, or nothing.
function __wsgictl_root
    set -l words (commandline -opc)
    set -l at (contains --index -- --root $words)
    set -l root (string replace --filter -- '--root=' '' $words)
    test -n "$at"; and set root $words[(math $at + 1)]
    string replace --regex '^~(?=/|$)' $HOME -- $root[1]
end

function __wsgictl_apps
    set -l folders (__wsgictl_root){/etc,/usr/share}/wsgictl/apps.d
    set -q folders[1]; or set folders {/etc,/usr/share}/wsgictl/apps.d
    __wsgictl_user; and set folders (set -q XDG_CONFIG_HOME; and echo $XDG_CONFIG_HOME; or echo ~/.config)/wsgictl/apps.d
    for folder in $folders
        for file in $folder/*.ini
            basename $file .ini
        end
    end | sort -u
end

# The words of the command line without options: wsgictl, the command, the app.
function __wsgictl_words
    set -l is_value 0
    for word in (commandline -opc)
        if test $is_value -eq 1
            set is_value 0
            continue
        end
        switch $word
            case --root -o --output -n --lines
                set is_value 1
            case '-*'
            case '*'
                echo $word
        end
    end
end

# What a rollback takes: generations that have a unit, but the one that serves.
function __wsgictl_generations
    set -l words (__wsgictl_words)
    test (count $words) -eq 3; or return
    set -l state (__wsgictl_root)/var/lib/wsgictl
    set -q state[1]; or set state /var/lib/wsgictl
    __wsgictl_user; and set state (set -q XDG_STATE_HOME; and echo $XDG_STATE_HOME; or echo ~/.local/state)/wsgictl
    set -l current (readlink $state/$words[3]/current)
    for file in $state/$words[3]/generations/*/unit.service
        set -l number (basename (dirname $file))
        test "generations/$number" = "$current"; or echo $number
    end
end

set -l commands check render apply reload rollback start stop restart status logs remove proxy import init
set -l several check render apply reload start stop restart status

complete -c wsgictl -f
complete -c wsgictl -n "not __fish_seen_subcommand_from $commands" -a "$commands"
complete -c wsgictl -n "not __fish_seen_subcommand_from $commands" -l user -d 'work on your own user manager'
complete -c wsgictl -n "not __fish_seen_subcommand_from $commands" -l root -r -d 'work on the files of another root'
complete -c wsgictl -n "__fish_seen_subcommand_from $several" -a '(__wsgictl_apps)'
complete -c wsgictl -n '__fish_seen_subcommand_from rollback logs remove; and test (count (__wsgictl_words)) -eq 2' -a '(__wsgictl_apps)'
complete -c wsgictl -n '__fish_seen_subcommand_from rollback' -a '(__wsgictl_generations)'
complete -c wsgictl -n '__fish_seen_subcommand_from proxy; and test (count (__wsgictl_words)) -eq 2' -a 'apache nginx'
complete -c wsgictl -n '__fish_seen_subcommand_from proxy; and test (count (__wsgictl_words)) -ge 3' -a '(__wsgictl_apps)'
complete -c wsgictl -n '__fish_seen_subcommand_from import; and test (count (__wsgictl_words)) -eq 2' -a apache
complete -c wsgictl -n '__fish_seen_subcommand_from import; and test (count (__wsgictl_words)) -gt 2' -F
complete -c wsgictl -n '__fish_seen_subcommand_from apply reload rollback' -l no-wait
complete -c wsgictl -n '__fish_seen_subcommand_from apply' -l dry-run
complete -c wsgictl -n '__fish_seen_subcommand_from status' -l json
complete -c wsgictl -n '__fish_seen_subcommand_from logs' -s f -l follow
complete -c wsgictl -n '__fish_seen_subcommand_from logs' -s n -l lines -x
complete -c wsgictl -n '__fish_seen_subcommand_from render' -s o -l output -r
complete -c wsgictl -n '__fish_seen_subcommand_from init; and test (count (__wsgictl_words)) -eq 2' -a '(__fish_complete_directories)'
complete -c wsgictl -n '__fish_seen_subcommand_from init' -l write
