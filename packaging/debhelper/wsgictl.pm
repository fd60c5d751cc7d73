# The debhelper sequence "wsgictl": dh_installwsgi runs where dh_installinit would.
use strict;
use warnings;
use Debian::Debhelper::Dh_Lib;

insert_after('dh_installinit', 'dh_installwsgi');

1;
