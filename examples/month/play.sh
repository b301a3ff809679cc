#!/usr/bin/env bash
# Plays a month of a small cloud, from an empty directory to final statements:
# three organisations with ten projects, a credit, coupons, usage of last month
# that comes from a gateway, a project that cannot be deleted before its usage is
# billed, and an event that comes when the month is closed.
#
# It needs bash, curl, sed and reeve (or what $REEVE names), and nothing that
# runs already. In what it prints, ids and months have names; month.golden is
# what it must print.
set -euo pipefail
shopt -s lastpipe

here=$(cd "$(dirname "$0")" && pwd)
reeve=${REEVE:-reeve}
work=$(mktemp -d)
cd "$work"
server=
trap 'if [ -n "$server" ]; then kill "$server" && wait "$server" || true; fi; rm -rf "$work"' EXIT

# Last month, whose usage is billed, and this month.
year=$(date -u +%Y) number=$((10#$(date -u +%m)))
this=$(printf '%04d-%02d' "$year" "$number")
if [ "$number" = 1 ]; then year=$((year - 1)) number=13; fi
last=$(printf '%04d-%02d' "$year" $((number - 1)))

export REEVE_OPERATOR_TOKEN=the-token-of-this-play
"$reeve" serve --database sqlite:reeve.db --prices "$here/prices.yaml" --close-after 0 \
	--tenant-listen 127.0.0.1:0 --operator-listen 127.0.0.1:0 --gateway-listen 127.0.0.1:0 >announced 2>log &
server=$!
for _ in $(seq 600); do
	if [ "$(grep -c http announced || true)" = 3 ]; then break; fi
	kill -0 "$server" || { cat log >&2; exit 1; }
	sleep 0.05
done
url() { sed -n "s|^$1 *\(http.*\)|\1|p" announced; }
tenant=$(url tenant) operator=$(url operator) gateway=$(url gateway)

# names is a sed script that replaces ids and months by names.
cat >names <<EOF
s/$last/LAST/g
s/$this/THIS/g
s/\(prj\|org\|stm\)_[0-7][0-9a-z]\{25\}/\1_…/g
EOF
shown() { sed -f names; }
lines() { sed 's/\[{/[\n{/g; s/},{/},\n{/g; s/"\(from\|to\)":"[^"]*",//g'; } # JSON for people
csv() { tr -d '\r' | sed '/^$/d'; }
call() { printf '\n%s\n' "$1"; } # says what is done

# ask METHOD PATH [BODY] asks an operator's question.
ask() {
	curl -sS -X "$1" -H "Authorization: $REEVE_OPERATOR_TOKEN" ${3:+--data "$3"} -w '\n' "$operator$2"
}

# status METHOD PATH [BODY] is ask, and tells the answer's status too.
status() {
	: >answer
	curl -sS -X "$1" -H "Authorization: $REEVE_OPERATOR_TOKEN" ${3:+--data "$3"} -o answer -w '%{http_code}' "$operator$2"
	sed 's/^/ /' answer
	echo
}

# named NAME FIELD takes a thing's id from an answer and gives it the name.
named() {
	local id
	id=$(sed -n "s/.*\"$2\":\"\([0-9a-f-]\{36\}\)\".*/\1/p")
	[ -n "$id" ] || { echo "no $2 of $1" >&2; exit 1; }
	printf -v "$1" %s "$id"
	echo "s/$id/<$1>/g" >>names
}

call "Three customers with ten projects."
for owner in ada ben cleo; do
	ask POST /api/users '{"email":"'$owner'@mail.test","fullName":"'$owner'","password":"correct horse"}' | named $owner id
done
organization() { # OWNER NAME PROJECT…
	local owner=$1 name=$2
	shift 2
	ask POST /api/organizations '{"name":"'"$name"'","ownerId":"'"${!owner}"'"}' | named "$name" organizationId
	for project in "$@"; do
		ask POST /api/projects '{"ownerId":"'"${!owner}"'","organizationId":"'"${!name}"'","projectName":"'"$project"'"}' |
			named "$project" projectId
	done
	echo "$name: $*"
}
organization ada acme web shop mail backup
organization ben bricks cdn archive lab
organization cleo clouds data sandbox old

call "Ben has had an outage, and gets 2.50 dollars for it. Ada has two coupons."
ask POST /api/credits '{"organizationId":"'"$bricks"'","amount":250,"description":"sorry for the outage"}' |
	named credit id
ask POST /api/coupons '{"userId":"'"$ada"'","amount":15,"duration":1,"description":"hello"}' | named coupon id
ask POST /api/coupons '{"userId":"'"$ada"'","amount":500,"duration":2,"description":"welcome"}' | named second_coupon id
ask GET "/api/organizations/$bricks/credits" | sed 's/"\(effectiveAt\|createdAt\)":"[^"]*"/"\1":"…"/g' | shown

token=$(ask POST /api/gateways '{"name":"edge"}' | sed -n 's/.*"token":"\([^"]*\)".*/\1/p')
sequence=0
# report RECORD… sends what a gateway has metered: PROJECT METER DAY HOUR VALUE
# of last month.
report() {
	local project meter day hour value records=
	for record in "$@"; do
		read -r project meter day hour value <<<"$record"
		records+=',{"projectId":"'"${!project}"'","bucket":"main","meter":"'$meter'","at":"'"$last-$day"'T'"$hour"':00:00Z","value":'$value'}'
	done
	sequence=$((sequence + 1))
	echo '{"gateway":"edge","sequence":'$sequence',"records":['"${records#,}"']}' |
		curl -sS -H "Authorization: Bearer $token" -H 'Content-Type: application/json' --data @- -w '\n' "$gateway/gateway/usage" | shown
}

call "A gateway reports last month: 900 GB and 1 TB of egress, and 2 TB that were stored for 30 hours."
report 'web egress 03 10 600000000000' 'web egress 17 23 300000000000' 'web requests 17 23 4000000' \
	'shop egress 05 00 1000000000000' 'backup storage 10 00 2000000000000' 'backup storage 11 06 0' \
	'mail objects 10 00 30000000' 'mail objects 10 10 0'
report 'cdn egress 01 00 5000000000000' 'cdn requests 28 12 123456' 'archive storage 20 00 500000000000' 'archive storage 20 12 0' \
	'lab egress 02 02 1'
report 'data egress 09 09 250000000000' 'old egress 15 15 130000000000'
call "A batch that is sent twice counts once."
sequence=$((sequence - 1))
report 'data egress 09 09 250000000000' 'old egress 15 15 130000000000'

call "The old project cannot be deleted: its usage is not billed."
until ask GET "/api/projects/$old/usage" | grep -q 'last month'; do sleep 0.1; done # added up within a second
status DELETE "/api/projects/$old" | shown

call "What the web project used, by the day and as CSV."
ask GET "/api/projects/$web/usage/series?from=$last-16&to=$last-19&meter=egress" | shown
ask GET "/api/projects/$web/usage/series?from=$last-17T22:00:00Z&to=$last-18&step=hour&meter=requests&format=csv" | csv | shown

call "The month is closed, by hand."
"$reeve" close-month "$last" --operator-listen "${operator#http://}" | sed -f names
"$reeve" close-month "$last" --operator-listen "${operator#http://}" | sed -f names

call "Now the old project can be deleted."
status DELETE "/api/projects/$old" | shown
status GET "/api/projects/$old" | shown

call "An event comes late: 10 GB more of the web project's egress. It is an adjustment of this month."
report 'web egress 28 20 10000000000'
until ask GET "/api/projects/$web/usage/series?step=month&from=$last-01&to=$this-01&meter=egress" | grep -q '"total":910'; do sleep 0.1; done
ask GET "/api/statements?month=$this&organizationId=$acme" | named acme_draft id
ask GET "/api/statements/$acme_draft" | lines | shown

for organization in acme bricks clouds; do
	call "The statement of $organization."
	ask GET "/api/statements?month=$last&organizationId=${!organization}" | named "${organization}_statement" id
	statement=${organization}_statement
	ask GET "/api/statements/${!statement}" | lines | shown
	ask GET "/api/statements/${!statement}?format=csv" | csv | shown
done

call "Ada pays; Ben complains of ten cents, and is right; Cleo's statement as she sees it."
status POST "/api/statements/$acme_statement/pay" | shown
ask POST "/api/statements/$bricks_statement/credit-notes" '{"amount":10,"reason":"the lab was not yours"}' | named note id
ask GET "/api/statements?month=$last" | sed 's/},{/},\n/g' | sed -n 's/.*"organizationName":"\([^"]*\)".*"status":"\([^"]*\)".*"due":\([0-9]*\).*"creditNotes":\([0-9]*\).*"open":\([0-9]*\).*/\1: \2, due \3, noted \4, open \5/p' | sort
key=$(ask POST "/api/organizations/$clouds/apikeys" '{"name":"cleo","role":"viewer"}' | sed -n 's/.*"apikey":"\([^"]*\)".*/\1/p')
curl -sS -H "x-api-key: $key" -H 'Accept: text/csv' "$tenant/organization/$clouds/statements/$clouds_statement" | csv | shown
curl -sS -H "x-api-key: $key" -w '\n' "$tenant/organization/$acme/statements/$acme_statement" | shown
