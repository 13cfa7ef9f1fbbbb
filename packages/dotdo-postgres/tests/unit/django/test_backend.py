"""Django over a tenant in the same process: its contrib applications migrated, written, inspected, and served by the admin."""

import os
import subprocess
import sys
from pathlib import Path

PROGRAM = """
import io
import django
from django.conf import settings

settings.configure(
    SECRET_KEY="x", DEBUG=True, USE_TZ=True, DEFAULT_AUTO_FIELD="django.db.models.BigAutoField", ROOT_URLCONF="__main__", STATIC_URL="s/",
    INSTALLED_APPS=[f"django.contrib.{name}" for name in ("admin", "auth", "contenttypes", "sessions", "messages", "sites", "redirects", "flatpages", "postgres")],
    MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware", "django.contrib.auth.middleware.AuthenticationMiddleware",
                "django.contrib.messages.middleware.MessageMiddleware"],
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True, "OPTIONS": {"context_processors": [
        "django.template.context_processors.request", "django.contrib.auth.context_processors.auth", "django.contrib.messages.context_processors.messages"]}}],
    DATABASES={"default": {"ENGINE": "dotdo_postgres.django", "NAME": "shop"}}, SITE_ID=1, ALLOWED_HOSTS=["*"], PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
)
django.setup()
from django.contrib import admin
from django.urls import path

urlpatterns = [path("admin/", admin.site.urls)]
from django.contrib.auth.models import Group, User
from django.contrib.sites.models import Site
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.db.models import Count
from django.test import Client

call_command("migrate", verbosity=0)
User.objects.create_superuser("root", "r@x.io", "pw")
group = Group.objects.create(name="staff")
group.user_set.add(User.objects.get())
print(list(User.objects.annotate(n=Count("groups")).values_list("username", "is_staff", "n")))
try:
    with transaction.atomic():
        Group.objects.create(name="staff")
except IntegrityError as error:
    print(str(error).splitlines()[0])
print(Group.objects.filter(name__icontains="STA").count(), Site.objects.get().domain)
client = Client()
print(client.login(username="root", password="pw"), client.get("/admin/").status_code, client.get("/admin/auth/user/?q=ro").status_code)
print(client.post("/admin/auth/group/add/", {"name": "more"}).status_code, Group.objects.count())
text = io.StringIO()
call_command("inspectdb", "auth_user", stdout=text)
print([line.strip() for line in text.getvalue().splitlines() if "username" in line or "date_joined" in line])
call_command("flush", interactive=False, verbosity=0)
print(User.objects.count())
call_command("migrate", "flatpages", "zero", verbosity=0)
print("django_flatpage" in connection.introspection.table_names())
"""

ANSWERS = [
    "[('root', True, 1)]",
    'duplicate key value violates unique constraint "auth_group_name_key"',
    "1 example.com",
    "True 200 200",
    "302 2",
    "['username = models.CharField(unique=True, max_length=150)', 'date_joined = models.DateTimeField()']",
    "0",
    "False",
]


def test_an_application_runs_from_migrations_to_the_admin(tmp_path: Path) -> None:
    environment = os.environ | {"DOTDO_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == ANSWERS
