"""A Flask app as small as one can be. Each release says its name in X-Release."""
import time
from pathlib import Path

from flask import Flask

RELEASE = (Path(__file__).resolve().parent.parent / 'RELEASE').read_text(encoding='utf-8').strip()

application = Flask(__name__)


@application.after_request
def name_release(response):
    response.headers['X-Release'] = RELEASE
    return response


@application.get('/')
def front():
    return f'front page of release {RELEASE}\n'


@application.get('/report')
def report():
    time.sleep(2)  # so that each roll finds requests in the middle of their work
    return f'report of release {RELEASE}\n'
