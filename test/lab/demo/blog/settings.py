"""A Django project as small as one can be. Each release says its name in X-Release."""
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
RELEASE = (BASE_DIR / 'RELEASE').read_text(encoding='utf-8').strip()

SECRET_KEY = 'of a demo that keeps no secrets'
ALLOWED_HOSTS = ['lab']
ROOT_URLCONF = 'blog.urls'
USE_TZ = True
INSTALLED_APPS = ['django.contrib.contenttypes', 'django.contrib.auth']
MIDDLEWARE = ['django.middleware.security.SecurityMiddleware', 'django.middleware.common.CommonMiddleware']
DATABASES = {}
