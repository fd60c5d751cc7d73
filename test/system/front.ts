// A server of mod_wsgi as people have it, taken over by wsgictl: imported, applied, and served by Apache or nginx.
import type { Lab } from '../lab/lab.js';

/** What the app finds in its environ. */
export type Environ = Readonly<Record<string, string>>;

const SCRIPT = `
import json
def application(environ, start_response):
    body = json.dumps({key: str(value) for key, value in environ.items()}).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
`;

/** The group of the first virtual host is the second's, too. */
const SITE = `
    ServerName lab.example
    DocumentRoot /var/www/html
    WSGIProcessGroup shop
    WSGIApplicationGroup %{GLOBAL}
    WSGIScriptAlias /shop /srv/shop/shop.wsgi
    WSGIScriptAlias "/old blog" /srv/shop/shop.wsgi
    WSGIScriptAlias /api /srv/shop/shop.wsgi/api
    WSGIScriptAlias /staff /srv/staff/wsgi.py process-group=staff
    <Directory /srv/staff>
        AuthType Basic
        AuthName staff
        AuthUserFile /etc/apache2/users
        <Files wsgi.py>
            Require valid-user
        </Files>
    </Directory>
    Alias /shop/static /srv/shop/static
    <Directory /srv/shop>
        Require all granted
    </Directory>
    <Location /shop/reports>
        WSGIProcessGroup slow
    </Location>
    <LocationMatch "^/shop/[a-z]+\\.pdf$">
        WSGIProcessGroup slow
    </LocationMatch>
    <Location /shop/private>
        AuthType Basic
        AuthName shop
        AuthUserFile /etc/apache2/users
        Require valid-user
    </Location>
    <Location /shop/hooks>
        WSGIPassAuthorization On
        SetEnv PLACE hooks
    </Location>
    SetEnv MODE "cash only"
`;

const OLD = `
WSGIDaemonProcess shop user=deploy group=deploy processes=2 threads=1 home=/srv/shop
WSGIDaemonProcess staff user=deploy group=deploy threads=2 home=/srv/shop
WSGIDaemonProcess slow user=deploy group=deploy threads=2 home=/srv/shop
<VirtualHost *:80>
${SITE}
</VirtualHost>
<VirtualHost *:443>
${SITE}
    SSLEngine on
    SSLCertificateFile /etc/apache2/lab.pem
</VirtualHost>
`;

/** Imports the old site and brings its apps up; gives the directives for Apache, for each virtual host. */
export async function takeOver(lab: Lab): Promise<readonly string[]> {
  await lab.write('/srv/shop/shop.wsgi', SCRIPT);
  await lab.write('/srv/staff/wsgi.py', SCRIPT);
  await lab.write('/srv/shop/static/plain.txt', 'static\n');
  await lab.sh(`
    chown -R deploy /srv/shop
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=lab.example -keyout /tmp/key -out /tmp/crt 2>/dev/null
    cat /tmp/key /tmp/crt >/etc/apache2/lab.pem
    htpasswd -bc /etc/apache2/users alice secret 2>/dev/null`);
  return importSite(lab, OLD);
}

/** Imports a site and brings its apps up; gives the directives for Apache, for each virtual host. */
export async function importSite(lab: Lab, old: string): Promise<readonly string[]> {
  await lab.write('/etc/apache2/old.conf', old);
  await lab.sh(`
    wsgictl import apache /etc/apache2/old.conf --write --out /tmp/new
    install -d /etc/wsgictl/apps.d && cp /tmp/new/*.ini /etc/wsgictl/apps.d/
    wsgictl apply`, { timeout: 300_000 });
  return (await lab.read('/tmp/new/apache.conf')).split(/^(?=# wsgictl: )/m).filter((part) => part !== '');
}

/** Starts Apache with that in place of the directives of mod_wsgi. */
export async function startApache(lab: Lab, mpm: 'prefork' | 'event', fronts: readonly string[]): Promise<void> {
  await serve(lab, mpm, withFronts(OLD, fronts));
}

/** A site without its directives of mod_wsgi, and with what takes their place in each virtual host. */
export function withFronts(old: string, fronts: readonly string[]): string {
  let at = 0;
  return old.replace(/^.*WSGI.*\n/gm, '').replace(/^<\/VirtualHost>/gm, (end) => `${fronts[at++] ?? ''}${end}`);
}

/** Starts Apache with that site alone. */
export async function serve(lab: Lab, mpm: 'prefork' | 'event', site: string): Promise<void> {
  await lab.write('/etc/apache2/sites-available/lab.conf', site);
  await lab.sh(`
    systemctl stop apache2
    a2dismod -q -f mpm_event mpm_prefork mpm_worker; a2enmod -q mpm_${mpm} proxy proxy_http headers ssl auth_basic
    a2dissite -q 000-default || true; a2ensite -q lab
    apache2ctl configtest; systemctl start apache2`);
}

/** What a request finds, by curl in the lab. */
export async function environAt(lab: Lab, url: string, ...options: readonly string[]): Promise<Environ> {
  const { stdout, stderr } = await lab.run(['curl', '-sSk', '--max-time', '20', ...options, url]);
  try {
    return JSON.parse(stdout) as Environ;
  } catch {
    throw new Error(`${url} ${options.join(' ')}: no environ in ${stdout}${stderr}`);
  }
}
