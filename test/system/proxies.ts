// nginx and Apache in front of apps, by what `wsgictl proxy` prints.
import type { Lab } from '../lab/lab.js';

/** Tells its whole environ, and takes a body that it is sent, if it is not refused. */
const APP = `
import json
def application(environ, start_response):
    if environ["PATH_INFO"].endswith("/refused"):
        environ["wsgi.input"].read(int(environ["QUERY_STRING"]))
        start_response("413 Too Large", [("Content-Type", "text/plain")])
        return [b"refused by the app"]
    environ["wsgi.input"].read()
    if environ["PATH_INFO"].endswith("/big"):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return (b"x" * 1_000_000 for _ in range(50))
    told = {key: value for key, value in environ.items() if isinstance(value, str)}
    body = f"ENVIRON {json.dumps(told)}\\n".encode()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
`;

export const NGINX = 8081;
export const APACHE = 8082;

/** Writes an app that tells its environ, in a folder of its account's, and its INI file. */
export async function writeApp(lab: Lab, app: string, ini: string, source = APP): Promise<void> {
  await lab.write(`/srv/${app}/app.py`, source);
  await lab.sh('chown -R deploy:deploy "/srv/$APP"', { env: { APP: app } });
  await lab.write(`/etc/wsgictl/apps.d/${app}.ini`, `[app]\nmodule = app\ndirectory = /srv/${app}\nuser = deploy\n${ini}`);
}

/** Has both proxies serve these apps, and nothing else. `site`: more for Apache's virtual host. */
export async function putInFront(lab: Lab, apps: readonly string[], site = ''): Promise<void> {
  const printed = async (proxy: string, app: string): Promise<string> => lab.sh(`wsgictl proxy ${proxy} ${app}`);
  const nginx = await Promise.all(apps.map(async (app) => (await printed('nginx', app)).split('# In server { }.')));
  await lab.write('/etc/nginx/conf.d/apps.conf', `${nginx.map(([upstream]) => upstream).join('')}
    server {\nlisten 127.0.0.1:${NGINX};\n${nginx.map(([, locations]) => locations).join('')}\n}\n`);
  const apache = await Promise.all(apps.map(async (app) => printed('apache', app)));
  await lab.write('/etc/apache2/sites-enabled/apps.conf', `ServerName lab\nListen 127.0.0.1:${APACHE}
    <VirtualHost 127.0.0.1:${APACHE}>\n${apache.join('\n')}\n${site}</VirtualHost>\n`);
  await lab.sh(`
    rm -f /etc/nginx/sites-enabled/default /etc/apache2/sites-enabled/000-default.conf; echo >/etc/apache2/ports.conf
    a2enmod -q proxy proxy_http headers ssl auth_basic
    nginx -t; apachectl configtest
    systemctl restart nginx apache2`);
}
