package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
	"github.com/spf13/pflag"

	"mycloudmanager/internal/platform/config"
)

// docsCommand writes the reference of the commands: one Markdown page, and man pages.
func docsCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "docs", Short: "Write the command reference", Hidden: true, Args: cobra.NoArgs}
	page := cmd.Flags().String("page", "", "Markdown file to write")
	man := cmd.Flags().String("man", "", "directory to write man pages to")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		root := cmd.Root()
		root.DisableAutoGenTag = true
		if *man != "" {
			if err := os.MkdirAll(*man, 0o755); err != nil {
				return err
			}
			if err := doc.GenManTree(root, &doc.GenManHeader{Title: "MCM", Section: "1", Source: "MyCloudManager"}, *man); err != nil {
				return err
			}
		}
		if *page == "" {
			return nil
		}
		var out bytes.Buffer
		if err := writeReference(&out, root); err != nil {
			return err
		}
		return os.WriteFile(filepath.Clean(*page), out.Bytes(), 0o644)
	}
	return cmd
}

// writeReference writes one Markdown section for each command that people use, and one for the settings of the server.
func writeReference(w io.Writer, root *cobra.Command) error {
	fmt.Fprint(w, "# Command reference\n\nThis page is generated from the commands: run `make generate` after a change. `mcm help COMMAND` prints the same texts.\n\n"+
		"All client commands take `--server`, `--output` (`-o`: table, wide, json, yaml, name) and `--no-headers`.\n"+
		"Commands that start a task take `--wait`; commands that print objects take `--watch` (`-w`).\n")
	writeCommands(w, root)
	settings := pflag.NewFlagSet("settings", pflag.ContinueOnError)
	config.Flags(settings)
	settings.Lookup("temporal-executable").DefValue = "" // the default depends on where mcm is installed
	_, err := fmt.Fprintf(w, "\n## Server settings\n\nEach setting is a flag of the server commands, an environment variable, or a line of the file of `--config`.\n\n```\n%s```\n", settings.FlagUsages())
	return err
}

func writeCommands(w io.Writer, parent *cobra.Command) {
	for _, c := range parent.Commands() {
		if c.Hidden || c.Name() == "help" || c.Name() == "completion" {
			continue
		}
		if !c.HasSubCommands() {
			writeCommand(w, c)
		}
		writeCommands(w, c)
	}
}

func writeCommand(w io.Writer, c *cobra.Command) {
	fmt.Fprintf(w, "\n## %s\n\n%s\n\n```\n%s\n```\n\nExamples:\n\n```\n%s\n```\n", c.CommandPath(), c.Long, c.UseLine(), c.Example)
	options := pflag.NewFlagSet(c.Name(), pflag.ContinueOnError)
	server := c.LocalNonPersistentFlags().Lookup("data-dir") != nil
	if server {
		fmt.Fprint(w, "\nOptions: the [server settings](#server-settings).\n")
	}
	c.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
		if f.Name != "help" && !server {
			options.AddFlag(f)
		}
	})
	if options.HasFlags() {
		fmt.Fprintf(w, "\nOptions:\n\n```\n%s```\n", options.FlagUsages())
	}
}
