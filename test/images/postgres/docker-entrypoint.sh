#!/bin/bash
# Postgres: the entry point of docker-library/postgres, as far as the platform uses it. See docs/platform-images.md.
#
# The first start of an empty PGDATA makes the cluster, the database and runs /docker-entrypoint-initdb.d/*.sql and *.sh.
# As in the original, one that is killed in the middle of this leaves a PGDATA that the next start takes for whole.
set -Eeuo pipefail

fail() {
	echo "postgres: $*" >&2
	exit 1
}

# Sets a variable from the file that NAME_FILE names, from NAME itself, or from a default.
from_file() {
	local name=$1 file="${1}_FILE"
	if [ -n "${!name:-}" ] && [ -n "${!file:-}" ]; then fail "both $name and $file are set; one of them is allowed"; fi
	local value="${!name:-${2:-}}"
	if [ -n "${!file:-}" ]; then
		[ -r "${!file}" ] || fail "$file names ${!file}, which cannot be read"
		value=$(<"${!file}")
	fi
	export "$name"="$value"
	unset "$file"
}

# The new server answers on the local socket only, so nobody comes in before it is ready.
while_local() {
	set -- "$@" -c listen_addresses= -p "${PGPORT:-5432}"
	PGUSER="$POSTGRES_USER" pg_ctl -D "$PGDATA" -o "$(printf ' %q' "$@")" -w start
}

sql() {
	psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --no-password --no-psqlrc "$@"
}

run_scripts() {
	local script
	for script in /docker-entrypoint-initdb.d/*; do
		case "$script" in
		*.sh)
			echo "postgres: running $script"
			if [ -x "$script" ]; then "$script"; else . "$script"; fi
			;;
		*.sql)
			echo "postgres: running $script"
			sql --dbname "$POSTGRES_DB" -f "$script"
			;;
		*) echo "postgres: passing over $script" ;;
		esac
	done
}

make_cluster() {
	from_file POSTGRES_PASSWORD
	from_file POSTGRES_USER postgres
	from_file POSTGRES_DB "$POSTGRES_USER"
	from_file POSTGRES_INITDB_ARGS
	if [ -z "$POSTGRES_PASSWORD" ] && [ "${POSTGRES_HOST_AUTH_METHOD:-}" != trust ]; then
		fail "no superuser password: set POSTGRES_PASSWORD_FILE or POSTGRES_PASSWORD"
	fi
	# By way of a pipe: the password is in no argument and in no file of ours.
	eval 'initdb --username="$POSTGRES_USER" --pwfile=<(printf "%s\n" "$POSTGRES_PASSWORD") '"$POSTGRES_INITDB_ARGS"
	local method="${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}"
	printf '\nhost all all all %s\n' "$method" >>"$PGDATA/pg_hba.conf"
	# For the scripts too, as in the original.
	export PGPASSWORD="${PGPASSWORD:-$POSTGRES_PASSWORD}"
	while_local "${@:2}"
	if [ "$POSTGRES_DB" != postgres ]; then
		sql --dbname postgres --set db="$POSTGRES_DB" <<<'CREATE DATABASE :"db" ;'
	fi
	export -f sql
	run_scripts
	pg_ctl -D "$PGDATA" -m fast -w stop >/dev/null
	unset POSTGRES_PASSWORD PGPASSWORD
}

if [ $# -eq 0 ] || [ "${1:0:1}" = - ]; then set -- postgres "$@"; fi
if [ "$1" = postgres ]; then
	[ "$(id -u)" != 0 ] || fail "runs as root; a user other than 0 is allowed"
	mkdir -p "$PGDATA"
	chmod 00700 "$PGDATA"
	[ -s "$PGDATA/PG_VERSION" ] || make_cluster "$@"
fi
exec "$@"
