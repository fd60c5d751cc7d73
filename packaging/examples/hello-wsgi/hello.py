"""A WSGI app of one module, as a package would bring it."""
VERSION = '1.0'


def application(environ, start_response):
    body = f'hello from version {VERSION}\n'.encode()
    start_response('200 OK', [('Content-Type', 'text/plain'), ('Content-Length', str(len(body)))])
    return [body]
