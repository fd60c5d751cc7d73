"""Uses each library once, when it is asked, and says what failed."""
import asyncio
import ctypes
import io
import json
import multiprocessing
import os
import socket
import sqlite3
import ssl
import subprocess
import tempfile
import threading
from multiprocessing import shared_memory

import django
from django.conf import settings

settings.configure(
    DEBUG=False, SECRET_KEY='x', ALLOWED_HOSTS=['*'], ROOT_URLCONF=__name__,
    DATABASES={'default': {'ENGINE': 'django.db.backends.sqlite3', 'NAME': '/tmp/db.sqlite3'}},
    TEMPLATES=[{'BACKEND': 'django.template.backends.django.DjangoTemplates'}],
)
urlpatterns = []
django.setup()


def django_orm():
    from django.db import connection, models

    class Row(models.Model):
        text = models.CharField(max_length=9)

        class Meta:
            app_label = 'x'

    with connection.schema_editor() as editor:
        editor.create_model(Row)
    Row.objects.create(text='é')
    assert Row.objects.get().text == 'é'
    with connection.schema_editor() as editor:
        editor.delete_model(Row)


def django_template():
    from django.template import engines
    assert engines['django'].from_string('{{ a|upper }}').render({'a': 'b'}) == 'B'


def django_upload():
    from django.core.files.base import ContentFile
    from django.core.files.storage import FileSystemStorage
    storage = FileSystemStorage(location='/srv/shop/files/up', file_permissions_mode=0o644)
    storage.delete(storage.save('a', ContentFile(b'x')))


def lxml():
    from lxml import etree
    sheet = etree.XSLT(etree.XML(
        '<s:stylesheet version="1.0" xmlns:s="http://www.w3.org/1999/XSL/Transform">'
        '<s:template match="/"><b><s:value-of select="/a"/></b></s:template></s:stylesheet>'))
    assert b'<b>x</b>' in etree.tostring(sheet(etree.XML('<a>x</a>')))


def numpy():
    import numpy as np
    matrix = np.random.default_rng(1).random((200, 200))
    assert np.allclose(np.linalg.inv(matrix) @ matrix, np.eye(200))


def psycopg2():
    import psycopg2 as pg
    try:
        pg.connect('host=127.0.0.1 port=1 connect_timeout=2')
    except pg.OperationalError as error:
        assert 'refused' in str(error), error


def pillow():
    from PIL import Image, ImageFilter
    for kind in ('PNG', 'JPEG'):
        data = io.BytesIO()
        Image.new('RGB', (64, 64), 'red').filter(ImageFilter.BLUR).save(data, kind)
        assert Image.open(io.BytesIO(data.getvalue())).convert('RGB').getpixel((9, 9))[0] > 250


def cryptography():
    from cryptography.fernet import Fernet
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding, rsa
    box = Fernet(Fernet.generate_key())
    assert box.decrypt(box.encrypt(b'x')) == b'x'
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    key.sign(b'x', padding.PKCS1v15(), hashes.SHA256())


def matplotlib():
    os.environ['MPLCONFIGDIR'] = tempfile.mkdtemp()
    import matplotlib as plots
    plots.use('Agg')
    from matplotlib import pyplot
    pyplot.plot([1, 2, 3])
    data = io.BytesIO()
    pyplot.savefig(data, format='png')
    assert data.getvalue().startswith(b'\x89PNG')


def pool(kind):
    processes = multiprocessing.get_context(kind).Pool(2)
    assert processes.map(abs, [-1, -2]) == [1, 2]
    processes.close()
    processes.join()


def shared():
    shared_memory.SharedMemory(create=True, size=10).unlink()


def callback():
    assert ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)(lambda x: x + 1)(3) == 4


def aio():
    async def talk():
        process = await asyncio.create_subprocess_exec('/bin/true')
        return await process.wait()
    assert asyncio.run(talk()) == 0


def names():
    socket.getaddrinfo('localhost', 80)


def tls():
    ssl.create_default_context()


def sqlite():
    with sqlite3.connect('/tmp/other.sqlite3') as db:
        db.execute('pragma journal_mode=wal')
        db.execute('create table if not exists a(x)')


def threads():
    thread = threading.Thread(target=int)
    thread.start()
    thread.join()


def chown():
    os.makedirs('/tmp/up', exist_ok=True)
    os.chown('/tmp/up', -1, os.getgid())


def setgid_folder():
    os.makedirs('/tmp/up', exist_ok=True)
    os.chmod('/tmp/up', 0o2775)


def script():
    with open('/tmp/script', 'w') as file:
        file.write('#!/bin/sh\ntrue\n')
    os.chmod('/tmp/script', 0o755)
    subprocess.run(['/tmp/script'], check=True)


def account():
    import getpass
    import pwd
    assert pwd.getpwuid(os.getuid()).pw_name == 'deploy'
    getpass.getuser()


def nice():
    os.nice(1)


def memory():
    subprocess.run(['/usr/bin/env', 'python3', '-c', 'import os; os.cpu_count(); os.sched_getaffinity(0)'], check=True)


USES = {
    'django orm': django_orm, 'django template': django_template, 'django upload': django_upload, 'lxml': lxml, 'numpy': numpy,
    'psycopg2': psycopg2, 'pillow': pillow, 'cryptography': cryptography, 'matplotlib': matplotlib, 'forked pool': lambda: pool('fork'),
    'spawned pool': lambda: pool('spawn'), 'shared memory': shared, 'ctypes callback': callback, 'asyncio': aio, 'getaddrinfo': names, 'tls': tls,
    'sqlite': sqlite, 'threads': threads, 'chown': chown, 'setgid folder': setgid_folder, 'script in /tmp': script,
    'account': account, 'nice': nice, 'cpu count': memory,
}


def application(environ, start_response):
    said = {}
    for name, use in USES.items():
        try:
            use()
            said[name] = 'ok'
        except Exception as error:
            said[name] = f'{type(error).__name__}: {error}'
    body = json.dumps(said).encode()
    start_response('200 OK', [('Content-Type', 'application/json')])
    return [body]
