// Renders the OpenAPI document as a page to read; it only builds DOM nodes, never HTML from strings.
const el = (tag, attrs, ...children) => {
  const node = Object.assign(document.createElement(tag), attrs);
  node.append(...children.filter((c) => c !== undefined));
  return node;
};

const resolve = (doc, schema, depth = 0) => {
  if (!schema || depth > 6) return schema;
  if (schema.$ref) return resolve(doc, doc.components.schemas[schema.$ref.split('/').pop()], depth + 1);
  if (schema.type === 'array' || (Array.isArray(schema.type) && schema.type.includes('array'))) return [resolve(doc, schema.items, depth + 1)];
  if (schema.properties) {
    return Object.fromEntries(Object.entries(schema.properties).map(([name, s]) => [name, resolve(doc, s, depth + 1)]));
  }
  const type = Array.isArray(schema.type) ? schema.type.join('|') : schema.type || 'any';
  return schema.enum ? schema.enum.join(' | ') : schema.format ? `${type} (${schema.format})` : type;
};

const body = (doc, title, content) => {
  const schema = content && Object.values(content)[0]?.schema;
  if (!schema) return undefined;
  return el('div', {}, el('h4', { textContent: title }), el('pre', { textContent: JSON.stringify(resolve(doc, schema), null, 2) }));
};

const operation = (doc, path, method, op) =>
  el('details', {},
    el('summary', {}, el('span', { className: 'method', textContent: method.toUpperCase() }), el('code', { textContent: path }), ` ${op.summary || ''}`),
    el('p', { textContent: op.description || '' }),
    op.parameters && el('table', {}, ...op.parameters.map((p) =>
      el('tr', {}, el('td', {}, el('code', { textContent: p.name })), el('td', { textContent: p.in }), el('td', { textContent: JSON.stringify(resolve(doc, p.schema)) }), el('td', { textContent: p.description || '' })))),
    body(doc, 'Request', op.requestBody?.content),
    ...Object.entries(op.responses).map(([status, r]) => body(doc, `Answer ${status}`, r.content)));

fetch('/api/v1/openapi.json').then((r) => r.json()).then((doc) => {
  const groups = {};
  for (const [path, methods] of Object.entries(doc.paths)) {
    for (const [method, op] of Object.entries(methods)) {
      (groups[op.tags?.[0] || 'Other'] ||= []).push(operation(doc, `/api/v1${path}`, method, op));
    }
  }
  document.getElementById('content').replaceChildren(
    ...Object.entries(groups).map(([tag, list]) => el('section', {}, el('h2', { textContent: tag }), ...list)));
});
