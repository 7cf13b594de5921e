//go:build acceptance

package hostlab

import (
	"encoding/binary"
	"encoding/json"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// zabbixAgent uses a complete Zabbix 7.0, the catalog's release, from Debian 13: server, web pages and
// database.
func zabbixAgent(t *testing.T) App {
	installed(t, "postgresql zabbix-server-pgsql zabbix-frontend-php php-pgsql php-cli curl")
	MustOn(t, appHost, zabbixSetup)
	require.Eventually(t, func() bool { return strings.Contains(zabbixAPI(t, "", "apiinfo.version", "[]"), `"7.0`) }, time.Minute, time.Second)
	return App{
		Host: Address(appHost), Ports: map[string]int{"trapper": 10051, "web": 8088},
		Settings: map[string]any{"api_user": "Admin", "api_password": "zabbix", "agent_networks": []string{"10.77.0.0/24"}},
		Outside: func(t *testing.T, n int, id string) {
			require.Equal(t, id, zabbixGet(t, Address(n), "agent.hostname"))
			var session struct{ Result string }
			require.NoError(t, json.Unmarshal([]byte(zabbixAPI(t, "", "user.login", `{"username":"Admin","password":"zabbix"}`)), &session))
			// The host becomes available only once the server has polled the agent.
			require.Eventually(t, func() bool {
				said := zabbixAPI(t, session.Result, "hostinterface.get", `{"output":["ip","available","error"],"filter":{"ip":"`+Address(n)+`"}}`)
				return strings.Contains(said, `"available":"1"`)
			}, 3*time.Minute, 2*time.Second, "the server has no value from %s", Name(n))
		},
	}
}

// zabbixGet queries an agent as zabbix_get does, which Debian does not package:
// https://www.zabbix.com/documentation/7.0/en/manual/appendix/protocols/header_datalen
func zabbixGet(t *testing.T, host, key string) string {
	t.Helper()
	c, err := net.DialTimeout("tcp", host+":10050", 10*time.Second)
	require.NoError(t, err)
	defer func() { _ = c.Close() }()
	head := binary.LittleEndian.AppendUint64([]byte("ZBXD\x01"), uint64(len(key)))
	_, err = c.Write(append(head, key...))
	require.NoError(t, err)
	response, err := io.ReadAll(c)
	require.NoError(t, err)
	require.Greater(t, len(response), 13, "the agent closes the connection: it does not let this address ask")
	return string(response[13:])
}

func zabbixAPI(t *testing.T, session, method, params string) string {
	t.Helper()
	header := ""
	if session != "" {
		header = ` -H "Authorization: Bearer ` + session + `"`
	}
	out, _ := On(t, appHost, `curl -sS -H 'Content-Type: application/json-rpc'`+header+` -d '{"jsonrpc":"2.0","id":1,"method":"`+method+`","params":`+params+`}' http://127.0.0.1:8088/api_jsonrpc.php`)
	return out
}

// zabbixSetup creates the database, configures and starts the server and the web pages; it may be repeated.
const zabbixSetup = `set -e
systemctl start postgresql
if ! runuser -u postgres -- psql -tAc "select 1 from pg_roles where rolname='zabbix'" | grep -q 1; then
  runuser -u postgres -- psql -qc "create role zabbix login password 'zabbix'"
  runuser -u postgres -- createdb -O zabbix -E UTF8 -T template0 zabbix
fi
export PGPASSWORD=zabbix
if ! psql -h 127.0.0.1 -U zabbix -tAc "select 1 from users limit 1" zabbix 2>/dev/null | grep -q 1; then
  for f in schema images data; do
    for d in /usr/share/zabbix-server-pgsql; do
      if [ -e $d/$f.sql.gz ]; then zcat $d/$f.sql.gz; else cat $d/$f.sql; fi | psql -q -h 127.0.0.1 -U zabbix zabbix >/dev/null
    done
  done
fi
sed -i '/^DB\(Host\|Password\|Name\|User\)=/d' /etc/zabbix/zabbix_server.conf
printf 'DBHost=127.0.0.1\nDBName=zabbix\nDBUser=zabbix\nDBPassword=zabbix\n' >>/etc/zabbix/zabbix_server.conf
systemctl restart zabbix-server
cat >/etc/zabbix/zabbix.conf.php <<'PHP'
<?php
$DB = ['TYPE' => 'POSTGRESQL', 'SERVER' => '127.0.0.1', 'PORT' => '5432', 'DATABASE' => 'zabbix', 'USER' => 'zabbix', 'PASSWORD' => 'zabbix', 'SCHEMA' => ''] + ['ENCRYPTION' => false, 'KEY_FILE' => '', 'CERT_FILE' => '', 'CA_FILE' => '', 'VERIFY_HOST' => false, 'CIPHER_LIST' => '', 'VAULT' => '', 'VAULT_URL' => '', 'VAULT_PREFIX' => '', 'VAULT_DB_PATH' => '', 'VAULT_TOKEN' => '', 'VAULT_CERT_FILE' => '', 'VAULT_KEY_FILE' => '', 'DOUBLE_IEEE754' => true];
$ZBX_SERVER_NAME = 'test'; $IMAGE_FORMAT_DEFAULT = IMAGE_FORMAT_PNG;
PHP
cat >/etc/systemd/system/zabbix-pages.service <<'UNIT'
[Service]
User=www-data
Environment=PHP_CLI_SERVER_WORKERS=4
ExecStart=/usr/bin/php -d post_max_size=16M -d max_execution_time=300 -d max_input_time=300 -S 0.0.0.0:8088 -t /usr/share/zabbix/ui
UNIT
[ -d /usr/share/zabbix/ui ] || sed -i 's#/usr/share/zabbix/ui#/usr/share/zabbix#' /etc/systemd/system/zabbix-pages.service
systemctl daemon-reload
systemctl restart zabbix-pages
`
