#!/usr/bin/env bash
# The Debian packages that the tests drive: real mail servers, a real database, strace, systemd's own checks, a browser
# with the library that its driver needs, and fixed fonts for the letters. The tests
# start what they need themselves, on loopback and in folders of their own: nothing here is to run beside them.
set -euo pipefail

wanted=(chromium dovecot-imapd dovecot-lmtpd fonts-liberation libatomic1 openssl postfix postgresql procps strace systemd)
services=(dovecot postfix postgresql)
missing=()
for package in "${wanted[@]}"; do
  status=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$status" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

if ! command -v apt-get >/dev/null; then
  echo "Les tests ont besoin de : ${missing[*]} (paquets Debian). Ici, installez-en l’équivalent." >&2
  exit 1
fi
root=()
if [ "$(id -u)" != 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "À faire une fois, en root : apt-get install ${missing[*]}" >&2
    exit 1
  fi
  root=(sudo)
fi
echo "Paquets installés pour les tests, sans démarrer leurs services : ${missing[*]}"

# Debian starts a service as soon as it is installed unless this file says no (« policy-rc.d », Debian policy 9.3.3).
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap '"${root[@]}" rm -f "$policy"' EXIT
  printf '#!/bin/sh\nexit 101\n' | "${root[@]}" tee "$policy" >/dev/null
  "${root[@]}" chmod 755 "$policy"
fi
echo "postfix postfix/main_mailer_type select No configuration" | "${root[@]}" debconf-set-selections
"${root[@]}" apt-get update -q
# --no-remove: a machine that has another mail server keeps it, and this stops with apt's own explanation.
"${root[@]}" env DEBIAN_FRONTEND=noninteractive \
  apt-get install -y -q --no-install-recommends --no-remove "${missing[@]}"
if command -v systemctl >/dev/null; then
  for service in "${services[@]}"; do
    case " ${missing[*]} " in *" $service"*) "${root[@]}" systemctl --quiet disable "$service" || true ;; esac
  done
fi
