package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"regexp"
	"strconv"
	"strings"
)

// goScanner collects the chunks of one Go file.
type goScanner struct {
	file   string
	fset   *token.FileSet
	test   bool
	seen   map[token.Pos]bool // literals that need no second chunk
	chunks []chunk
}

// goChunks returns the declared identifiers, the comments and the texts of a Go file. Generated files have none.
func goChunks(file string, src []byte) ([]chunk, error) {
	s := &goScanner{file: file, fset: token.NewFileSet(), test: strings.HasSuffix(file, "_test.go"), seen: map[token.Pos]bool{}}
	tree, err := parser.ParseFile(s.fset, file, src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	if ast.IsGenerated(tree) {
		return nil, nil
	}
	s.declare("package", tree.Name)
	for _, group := range tree.Comments {
		s.comment(group)
	}
	for _, decl := range tree.Decls {
		s.decl(decl)
	}
	ast.Inspect(tree, s.visit)
	return s.chunks, nil
}

func (s *goScanner) line(p token.Pos) int { return s.fset.Position(p).Line }

func (s *goScanner) declare(kind string, names ...*ast.Ident) {
	for _, n := range names {
		if n != nil && n.Name != "_" {
			s.chunks = append(s.chunks, identifierChunk(s.file, kind, n.Name, s.line(n.Pos())))
		}
	}
}

var directive = regexp.MustCompile(`^//(go:|nolint|line |export )`)

func (s *goScanner) comment(group *ast.CommentGroup) {
	first := s.line(group.Pos())
	lines := make([]string, s.line(group.End())-first+1)
	for _, c := range group.List {
		if directive.MatchString(c.Text) {
			continue
		}
		for i, text := range strings.Split(c.Text, "\n") {
			text = strings.TrimPrefix(strings.TrimPrefix(text, "//"), "/*")
			lines[s.line(c.Pos())-first+i] = strings.TrimSuffix(text, "*/")
		}
	}
	// An indented line of a doc comment is code, and an empty one ends a paragraph.
	for start := 0; start < len(lines); {
		end := start
		for end < len(lines) && strings.TrimSpace(lines[end]) != "" && !strings.HasPrefix(lines[end], "\t") {
			end++
		}
		if end > start {
			s.chunks = append(s.chunks, prose(s.file, first+start, lines[start:end]))
		}
		start = end + 1
	}
}

// decl declares what a file has at its top level, and constants inside functions.
func (s *goScanner) decl(decl ast.Decl) {
	switch d := decl.(type) {
	case *ast.FuncDecl:
		kind := "func"
		if d.Recv != nil {
			kind = "method"
			s.fields("param", d.Recv)
		}
		s.declare(kind, d.Name)
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch spec := spec.(type) {
			case *ast.ImportSpec:
				s.seen[spec.Path.Pos()] = true
			case *ast.ValueSpec:
				if !s.seen[spec.Pos()] {
					s.declare(d.Tok.String(), spec.Names...)
				}
				s.seen[spec.Pos()] = true
			case *ast.TypeSpec:
				s.declare("type", spec.Name)
				s.seen[spec.Pos()] = true
			}
		}
	}
}

func (s *goScanner) fields(kind string, list *ast.FieldList) {
	if list == nil {
		return
	}
	for _, f := range list.List {
		s.declare(kind, f.Names...)
	}
}

func (s *goScanner) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.FuncType:
		s.fields("param", n.Params)
		s.fields("param", n.Results)
	case *ast.StructType:
		for _, f := range n.Fields.List {
			s.declare("field", f.Names...)
			s.tag(f.Tag)
		}
	case *ast.InterfaceType:
		s.fields("method", n.Methods)
	case *ast.GenDecl:
		if n.Tok == token.CONST {
			s.decl(n)
		}
	case *ast.ValueSpec:
		if !s.seen[n.Pos()] {
			s.declare("local", n.Names...)
		}
	case *ast.TypeSpec:
		if !s.seen[n.Pos()] {
			s.declare("local", n.Name)
		}
	case *ast.AssignStmt:
		if n.Tok == token.DEFINE {
			s.locals(n.Lhs...)
		}
	case *ast.RangeStmt:
		if n.Tok == token.DEFINE {
			s.locals(n.Key, n.Value)
		}
	case *ast.CallExpr:
		s.flag(n)
	case *ast.KeyValueExpr:
		if key, ok := n.Key.(*ast.Ident); ok && key.Name == "Fr" {
			if lit, ok := n.Value.(*ast.BasicLit); ok {
				s.literal(lit, scopeFrench)
			}
		}
	case *ast.BasicLit:
		s.literal(n, scopeText)
	}
	return true
}

// locals declares the names that are new on the left of a short declaration. A name that is only assigned again is
// reported again: without type information the two look the same.
func (s *goScanner) locals(exprs ...ast.Expr) {
	for _, e := range exprs {
		if id, ok := e.(*ast.Ident); ok {
			s.declare("local", id)
		}
	}
}

var (
	flagCall = regexp.MustCompile(`^(Bool|String|StringArray|StringSlice|Int|Int64|Uint|Float64|Duration|Count)?Var(P)?$`)
	sentence = regexp.MustCompile(`[\pL%}].*\s.*[\pL%{]`)
)

// flag declares the name of a command-line flag: the second argument of Flags().StringVar and its like.
func (s *goScanner) flag(call *ast.CallExpr) {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || !flagCall.MatchString(sel.Sel.Name) || len(call.Args) < 2 {
		return
	}
	if lit, ok := call.Args[1].(*ast.BasicLit); ok && lit.Kind == token.STRING {
		if name, err := strconv.Unquote(lit.Value); err == nil {
			s.chunks = append(s.chunks, identifierChunk(s.file, "flag", name, s.line(lit.Pos())))
		}
	}
}

// tag declares the JSON name of a field and checks the documentation that the API contract takes from its tag.
func (s *goScanner) tag(lit *ast.BasicLit) {
	if lit == nil {
		return
	}
	s.seen[lit.Pos()] = true
	raw, err := strconv.Unquote(lit.Value)
	if err != nil {
		return
	}
	line := s.line(lit.Pos())
	if name, _, _ := strings.Cut(reflect.StructTag(raw).Get("json"), ","); name != "" && name != "-" {
		s.chunks = append(s.chunks, identifierChunk(s.file, "json", name, line))
	}
	if doc := reflect.StructTag(raw).Get("doc"); doc != "" {
		s.chunks = append(s.chunks, newChunk(scopeText, s.file, line, doc))
	}
}

// literal makes a text of a string literal of more than one word. Strings of tests are data, and left out.
func (s *goScanner) literal(lit *ast.BasicLit, scope string) {
	if lit.Kind != token.STRING || s.seen[lit.Pos()] || s.test {
		return
	}
	s.seen[lit.Pos()] = true
	text, err := strconv.Unquote(lit.Value)
	if err != nil || !sentence.MatchString(text) {
		return
	}
	lines := []string{text}
	if lit.Value[0] == '`' {
		lines = strings.Split(text, "\n")
	}
	c := newChunk(scope, s.file, s.line(lit.Pos()), lines...)
	c.text = withoutCode(c.text)
	s.chunks = append(s.chunks, c)
}
