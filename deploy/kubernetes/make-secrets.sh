#!/bin/sh
# Fresh secrets for one clinic, as files that only their owner may read; what is there is never overwritten:
#
#   deploy/kubernetes/make-secrets.sh FOLDER
#
# DATABASE_ADMIN_URL  who may make roles and schemas, postgresql://admin:password@host:5432/postgres?sslmode=require
# MAIL_URL            the mail server, smtp://user:password@host:587
#
# Both are asked for where the environment does not have them.
set -eu
umask 077
set -C # a redirection never replaces a file
cd "$1"
[ -n "${DATABASE_ADMIN_URL-}" ] || { printf 'DATABASE_ADMIN_URL: '; read -r DATABASE_ADMIN_URL; }
[ -n "${MAIL_URL-}" ] || { printf 'MAIL_URL: '; read -r MAIL_URL; }

secret() { openssl rand -hex 32; }
after_the_password=${DATABASE_ADMIN_URL##*@}
server=${after_the_password%%/*}
case $after_the_password in *\?*) options="?${after_the_password#*\?}" ;; *) options= ;; esac
database() { echo "$1_database_url=postgresql://$1:$(secret)@$server/clinic$options"; }
service_key=$(secret)
who=${DATABASE_ADMIN_URL#*://} who=${who%@*}

echo "database_admin_url=$DATABASE_ADMIN_URL" >provision.env
printf 'pghost=%s\npguser=%s\npgpassword=%s\n' "${server%%:*}" "${who%%:*}" "${who#*:}" >backup.env
{ database auth && echo "auth_secret_key=$(secret)" && echo "service_key=$service_key" && echo "mail_url=$MAIL_URL"; } >auth.env
{ database appointment && echo "appointment_secret_key=$(secret)" && echo "service_key=$service_key" && echo "mail_url=$MAIL_URL"; } >appointment.env
{ database prescription && echo "prescription_secret_key=$(secret)" && echo "service_key=$service_key"; } >prescription.env
echo "portal_secret_key=$(secret)" >portal.env
