package main

import (
	"fmt"
	"net/url"

	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/persistence/sql/sqlplugin/postgresql" // store plugin "postgres12_pgx"
	"go.temporal.io/server/tools/common/schema"
	sqltool "go.temporal.io/server/tools/sql"
)

// visibilitySuffix names the second database: Temporal stores one schema version per database.
const visibilitySuffix = "_visibility"

// openPostgres creates both databases and migrates their schemas to this server's version. Unlike SQLite's,
// these schemas have migrations in Temporal, which are idempotent.
func openPostgres(s *store, where string) error {
	var err error
	if s.config, err = postgresAttributes(where, ""); err != nil {
		return err
	}
	if s.visibility, err = postgresAttributes(where, visibilitySuffix); err != nil {
		return err
	}
	for name, c := range map[string]*config.SQL{"temporal": s.config, "visibility": s.visibility} {
		if err := migrate(*c, "postgresql/v12/"+name); err != nil {
			return fmt.Errorf("database %s: %w", c.DatabaseName, err)
		}
	}
	return nil
}

// postgresAttributes parses postgres://user:password@host:port/name?sslmode=require.
func postgresAttributes(where, suffix string) (*config.SQL, error) {
	u, err := url.Parse(where)
	if err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") || len(u.Path) < 2 {
		return nil, fmt.Errorf("database: not a postgres:// address with a database's name")
	}
	password, _ := u.User.Password()
	c := &config.SQL{
		PluginName: postgresql.PluginNamePGX, ConnectAddr: u.Host, User: u.User.Username(), Password: password,
		DatabaseName: u.Path[1:] + suffix, ConnectProtocol: "tcp", ConnectAttributes: map[string]string{}, MaxConns: 20, MaxIdleConns: 20,
	}
	for key := range u.Query() {
		c.ConnectAttributes[key] = u.Query().Get(key)
	}
	return c, nil
}

// migrate creates whatever is missing: the database, its version tables, its schema.
func migrate(c config.SQL, name string) error {
	quiet, database := log.NewNoopLogger(), c.DatabaseName
	if err := sqltool.DoCreateDatabase(&c, "postgres", quiet); err != nil {
		return err
	}
	c.DatabaseName = database
	db, err := sqltool.NewConnection(&c, quiet)
	if err != nil {
		return err
	}
	defer db.Close()
	if err := schema.NewSetupSchemaTask(db, &schema.SetupConfig{InitialVersion: "0.0"}, quiet).Run(); err != nil {
		return err
	}
	return schema.NewUpdateSchemaTask(db, &schema.UpdateConfig{DBName: database, SchemaName: name}, quiet).Run()
}
