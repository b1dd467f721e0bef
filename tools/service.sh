#!/bin/sh
# mailbot as a service of this machine: « make install » and « make uninstall », as root. Below DESTDIR when that is given.
#   program    /opt/mailbot: an environment of its own, the locked packages, the wheel of this checkout (again: an update)
#   files      the account, the folders /etc/mailbot and /var/lib/mailbot, the unit
#   uninstall  takes program, unit and the two lists away; leaves both folders, the account that owns them, and the mails
set -eu
root=${DESTDIR:-} python=${PYTHON:-python3} here=$(cd "$(dirname "$0")/.." && pwd)
program=$root/opt/mailbot/.venv unit=$root/etc/systemd/system/mailbot.service

running() { [ -z "$root" ] && [ -d /run/systemd/system ]; }
reload() { ! running || systemctl daemon-reload; }

program() {
  echo "Installation dans $program, une minute environ…"
  "$python" -m venv "$program"
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  mkdir "$work/source"
  (cd "$here" && cp -RL mailbot systemd pyproject.toml README.md LICENSE config.example.toml "$work/source")
  pip() { "$program/bin/python" -m pip --quiet --disable-pip-version-check --no-input "$@"; }
  pip wheel --no-deps --wheel-dir "$work" "$work/source"
  # the versions of the lock, of what the desk needs only: no demonstration, no tests
  sed -E '/^ +--hash/d; s/ *\\$//' "$here/requirements.txt" > "$work/locked.txt"
  wheel=$(echo "$work"/*.whl)
  pip install --force-reinstall --no-deps "$wheel"
  pip install --only-binary :all: -c "$work/locked.txt" "$wheel[postgres]"
}

files() {
  install -D -m 0644 "$here/systemd/mailbot.sysusers" "$root/etc/sysusers.d/mailbot.conf"
  install -D -m 0644 "$here/systemd/mailbot.tmpfiles" "$root/etc/tmpfiles.d/mailbot.conf"
  install -D -m 0644 "$here/systemd/mailbot.service" "$unit"
  systemd-sysusers ${root:+"--root=$root"} mailbot.conf
  systemd-tmpfiles --create ${root:+"--root=$root"} mailbot.conf
  reload
}

remove() {
  ! running || systemctl disable --now mailbot || true
  rm -rf "$root/opt/mailbot"
  rm -f "$unit" "$root/etc/sysusers.d/mailbot.conf" "$root/etc/tmpfiles.d/mailbot.conf"
  reload
  echo "mailbot est retiré. Restent vos preuves et vos réglages : /var/lib/mailbot, /etc/mailbot ; et le courrier dans la boîte."
}

case ${1:-} in
  program) program ;;
  files) files ;;
  install)
    program
    files
    echo "Installé. Ensuite, en root :"
    echo "  runuser -u mailbot -- /opt/mailbot/.venv/bin/mailbot init -c /etc/mailbot/mailbot.toml"
    echo "  systemctl enable --now mailbot"
    ;;
  uninstall) remove ;;
  *) echo "usage: $0 program|files|install|uninstall" >&2; exit 2 ;;
esac
