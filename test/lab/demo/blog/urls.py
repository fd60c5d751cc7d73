import time

from django.conf import settings
from django.http import HttpResponse
from django.urls import path


def reply(text):
    return HttpResponse(f'{text} of release {settings.RELEASE}\n', headers={'X-Release': settings.RELEASE})


def front(_request):
    return reply('front page')


def report(_request):
    time.sleep(2)  # so that each roll finds requests in the middle of their work
    return reply('report')


urlpatterns = [path('', front), path('report', report)]
