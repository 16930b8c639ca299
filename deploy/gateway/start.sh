#!/bin/sh
# Runs the gateway and its balancer, and keeps the balancer in step with the instances there are.
#
# nginx 1.26 looks a name up once, when it starts. So every second we ask for the addresses of each program and each
# address whether it is ready, and where the answer has changed, the balancer takes over the new list; requests under way
# stay with the workers that have them. Whoever drains or is gone gets nothing more, and who is new waits until it is
# ready. What fails within that second is the balancer's own matter (proxy_next_upstream).
set -eu

here=/opt/gateway
work=/tmp/gateway # the only place we write to
every=1

: "${TRUSTED_HOSTS:?TRUSTED_HOSTS is not set: the host names under which people reach the clinic, with commas between}"
: "${CERTIFICATE:=/run/secrets/gateway_certificate}" "${CERTIFICATE_KEY:=/run/secrets/gateway_key}"
: "${GATEWAY_HTTPS_PORT:=443}" "${CLINIC_NETWORK_RANGE:=10.0.0.0/8}"
: "${REQUESTS_PER_SECOND:=100}" "${CONNECTIONS_PER_ADDRESS:=256}"
: "${CLINIC_NAME:=Larkfield Clinic}" "${CLINIC_PHONE:=01632 960 122}" "${EMERGENCY_NUMBER:=112}"
# name:port of each program
: "${PORTAL:=portal:8000}" "${AUTH:=auth-service:8001}"
: "${APPOINTMENT:=appointment-service:8002}" "${PRESCRIPTION:=prescription-service:8003}"

say() { printf '{"program": "gateway", "message": "%s"}\n' "$1" >&2; }

render() { # render FILE TO: put the settings into it; nginx's own $names stay
  # shellcheck disable=SC2016
  envsubst '${CERTIFICATE} ${CERTIFICATE_KEY} ${SERVER_NAMES} ${PORT} ${CLINIC_NETWORK_RANGE} ${REQUESTS_PER_SECOND}
    ${CONNECTIONS_PER_ADDRESS} ${CLINIC_NAME} ${CLINIC_PHONE} ${EMERGENCY_NUMBER}' <"$1" >"$2"
}

html() { printf %s "$1" | sed 's/&/\&amp;/g; s/</\&lt;/g; s/>/\&gt;/g; s/"/\&quot;/g'; }

ready() { # ready POOL NAME PORT: the addresses under this name that may get requests, one a line
  found=$(getent ahostsv4 "$2" | cut -d ' ' -f 1 | sort -u) || return 0
  [ -n "$found" ] || return 0
  # shellcheck disable=SC2046,SC2086
  answers=$(curl -s -Z --connect-timeout 1 --max-time 2 -H 'Host: 127.0.0.1' \
    $(printf "http://%s:$3/health/ready -o /dev/null " $found) -w '%{http_code} %{exitcode} %{url_effective}\n') || true
  some=$(printf '%s\n' "$answers" | while read -r status failure url; do
    address=${url#http://} address=${address%%:*}
    # Who is too slow to say (28) stays: were it left out, the others would soon be too slow as well.
    case $status.$failure in
      200.*) echo "$address" ;;
      *.28) grep -sq " $address:" "$work/$1.pool" && echo "$address" ;;
    esac
  done | sort)
  # Where none is ready they can still say why themselves.
  printf '%s\n' "${some:-$found}"
}

pool() { # pool NAME PROGRAM:PORT: one upstream; as long as its name leads nowhere, what it was
  members=$(ready "$1" "${2%:*}" "${2#*:}")
  if [ -z "$members" ] && [ -f "$work/$1.pool" ]; then cat "$work/$1.pool"; return; fi
  echo "upstream $1 {"
  echo "  zone $1 128k;"
  for member in ${members:-127.0.0.1}; do # nothing listens there: whoever calls is told that it is out
    echo "  server $member:$([ -n "$members" ] && echo "${2#*:}" || echo 9) max_fails=2 fail_timeout=3s;"
  done
  # Shorter than the programs keep a connection, which is two seconds when they stop or reload, so that it is never they
  # who close one that is just being used.
  echo "  keepalive 32; keepalive_timeout 1500ms; keepalive_requests 10000;"
  echo "}"
}

pools() { # whether there is anything new
  changed=1
  for each in "portal $PORTAL" "auth $AUTH" "appointment $APPOINTMENT" "prescription $PRESCRIPTION"; do
    # shellcheck disable=SC2086
    pool $each >"$work/next"
    name=${each%% *}
    if ! cmp -s "$work/next" "$work/$name.pool"; then
      mv "$work/next" "$work/$name.pool"
      changed=0
      say "$name: $(sed -n 's/^ *server \([^ ]*\).*/\1/p' "$work/$name.pool" | tr '\n' ' ')"
    fi
  done
  return $changed
}

certificate() { cat "$CERTIFICATE" "$CERTIFICATE_KEY" | cksum; }

mkdir -p "$work/pages"
SERVER_NAMES=$(printf %s "$TRUSTED_HOSTS" | tr ',' ' ')
PORT=$([ "$GATEWAY_HTTPS_PORT" = 443 ] || echo ":$GATEWAY_HTTPS_PORT")
export CERTIFICATE CERTIFICATE_KEY SERVER_NAMES PORT CLINIC_NETWORK_RANGE REQUESTS_PER_SECOND CONNECTIONS_PER_ADDRESS
for each in nginx balancer maps headers proxied portal api inside problems; do render "$here/$each.conf" "$work/$each.conf"; done
CLINIC_NAME=$(html "$CLINIC_NAME") CLINIC_PHONE=$(html "$CLINIC_PHONE") EMERGENCY_NUMBER=$(html "$EMERGENCY_NUMBER")
export CLINIC_NAME CLINIC_PHONE EMERGENCY_NUMBER
for page in "$here"/pages/*.html; do render "$page" "$work/pages/${page##*/}"; done
pools || true
seen=$(certificate)

nginx -c "$work/balancer.conf" -g 'daemon off;' &
balancer=$!
nginx -c "$work/nginx.conf" -g 'daemon off;' &
front=$!
trap 'kill -QUIT $front' TERM QUIT INT # what is under way is answered first

take_over() { nginx -t -q -c "$work/$1.conf" && kill -HUP "$2" 2>/dev/null; }

while kill -0 "$front" 2>/dev/null && kill -0 "$balancer" 2>/dev/null; do
  sleep "$every" & wait $! || true
  if pools; then take_over balancer "$balancer" || true; fi
  if [ "$seen" != "$(certificate)" ]; then
    seen=$(certificate)
    take_over nginx "$front" || true
  fi
done
kill -QUIT "$front" 2>/dev/null || true # where the balancer died
wait "$front" || true
kill -QUIT "$balancer" 2>/dev/null || true
wait "$balancer"
