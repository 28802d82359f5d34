/** The document as a page: every route with its schema, and a form that calls it. One file, nothing from elsewhere. */

const STYLE = `
:root { color-scheme: light dark; --line: light-dark(#d9dde3, #343a42); --quiet: light-dark(#5a6470, #9aa4b0); --soft: light-dark(#f4f6f8, #1c2026); --accent: light-dark(#0b57d0, #8ab4f8); }
* { box-sizing: border-box; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 960px; padding: 24px 16px 80px; }
h1 { font-size: 1.6rem; margin: 0; } h2 { font-size: 1.1rem; margin: 32px 0 8px; }
p { margin: 4px 0; } .quiet { color: var(--quiet); }
code, pre, input, textarea { font: 13px/1.45 ui-monospace, monospace; }
details { border: 1px solid var(--line); border-radius: 8px; margin: 6px 0; }
summary { cursor: pointer; padding: 8px 12px; display: flex; gap: 10px; flex-wrap: wrap; align-items: baseline; }
summary .words { color: var(--quiet); flex: 1 1 300px; }
.method { font-weight: 600; width: 4.5em; color: var(--accent); }
details form, .in { padding: 4px 12px 12px; } label { display: block; margin: 8px 0 2px; }
input, textarea { width: 100%; padding: 6px 8px; border: 1px solid var(--line); border-radius: 6px; background: transparent; color: inherit; }
textarea { min-height: 120px; }
button { margin-top: 10px; padding: 6px 16px; border: 0; border-radius: 6px; background: var(--accent); color: light-dark(#fff, #10141a); font: inherit; cursor: pointer; }
pre { background: var(--soft); border-radius: 6px; padding: 10px; overflow: auto; max-height: 420px; margin: 8px 0 0; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
`;

const SCRIPT = `
const el = (tag, props = {}, ...children) => {
  const made = Object.assign(document.createElement(tag), props);
  made.append(...children);
  return made;
};
const example = (schema, depth = 0) => {
  if (!schema || depth > 6) return null;
  if (schema.default !== undefined) return schema.default;
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[0];
  const choice = schema.anyOf ?? schema.oneOf;
  if (choice) return example(choice[0], depth + 1);
  if (schema.type === 'object') {
    const needed = schema.required ?? [];
    const known = Object.entries(schema.properties ?? {}).filter(([name]) => needed.includes(name));
    return Object.fromEntries(known.map(([name, of]) => [name, example(of, depth + 1)]));
  }
  if (schema.type === 'array') return [];
  if (schema.type === 'integer' || schema.type === 'number') return schema.minimum > 0 ? schema.minimum : 1;
  if (schema.type === 'boolean') return false;
  return '';
};
const shown = (schema) => JSON.stringify(schema, null, 2);
const keyField = document.getElementById('key');

async function call(path, method, operation, form, out) {
  const given = new FormData(form);
  let url = '/api/v1' + path;
  const query = new URLSearchParams();
  for (const { name, in: place } of operation.parameters) {
    const value = String(given.get(place + ' ' + name) ?? '');
    if (place === 'path') url = url.replace('{' + name + '}', encodeURIComponent(value));
    else if (value !== '') query.set(name, value);
  }
  if (query.size > 0) url += '?' + query;
  const headers = {};
  if (keyField.value !== '') headers.authorization = 'Bearer ' + keyField.value;
  const body = given.get('body');
  if (body !== null) headers['content-type'] = 'application/json';
  out.textContent = method + ' ' + url + ' …';
  try {
    const answer = await fetch(url, { method, headers, body: body ?? undefined });
    const type = answer.headers.get('content-type') ?? '';
    let text = '';
    if (type.startsWith('text/event-stream')) {
      const reader = answer.body.getReader();
      const stop = setTimeout(() => reader.cancel(), 5000);
      for (let part = await reader.read(); !part.done; part = await reader.read()) text += new TextDecoder().decode(part.value);
      clearTimeout(stop);
      text += '(closed after 5 s)';
    } else if (type.includes('json')) text = shown(await answer.json());
    else if (type.startsWith('text/')) text = await answer.text();
    else text = (await answer.arrayBuffer()).byteLength + ' bytes of ' + (type || 'nothing');
    out.textContent = method + ' ' + url + '\\n' + answer.status + ' ' + type + '\\n\\n' + text;
  } catch (error) {
    out.textContent = String(error);
  }
}

function section(path, method, operation) {
  const out = el('pre', { hidden: true, tabIndex: 0 });
  const form = el('form');
  for (const { name, in: place, required, description, schema } of operation.parameters) {
    const field = el('input', { name: place + ' ' + name, required, placeholder: schema.default ?? (schema.enum ?? []).join(', ') });
    const words = name + (required ? '' : ' (may be left out)') + (description ? ': ' + description : '');
    form.append(el('label', {}, words, field));
  }
  const body = operation.requestBody?.content['application/json'].schema;
  if (body) form.append(el('label', {}, 'body', el('textarea', { name: 'body', value: shown(example(body)) })));
  form.append(el('button', { type: 'submit' }, 'Send'), out);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    out.hidden = false;
    void call(path, method, operation, form, out);
  });
  const inside = el('div', { className: 'in' }, el('p', { className: 'quiet' }, operation.description));
  for (const [status, response] of Object.entries(operation.responses)) {
    const answer = response.content?.['application/json']?.schema;
    if (answer) inside.append(el('details', {}, el('summary', {}, status + ': schema'), el('pre', { tabIndex: 0 }, shown(answer))));
  }
  return el(
    'details',
    { id: operation.operationId.replace(/[^A-Za-z]+/g, '-') },
    el('summary', {}, el('span', { className: 'method' }, method), el('code', {}, path), el('span', { className: 'words' }, operation.summary)),
    inside,
    form,
  );
}

const api = await (await fetch('/api/v1/openapi.json')).json();
document.getElementById('words').textContent = api.info.description;
const byTag = new Map();
for (const [path, methods] of Object.entries(api.paths))
  for (const [method, operation] of Object.entries(methods)) {
    const list = byTag.get(operation.tags[0]) ?? [];
    byTag.set(operation.tags[0], [...list, section(path, method.toUpperCase(), operation)]);
  }
const main = document.querySelector('main');
for (const [tag, sections] of byTag) main.append(el('h2', {}, tag), ...sections);
`;

export const DOCS_PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Cardhour API</title>
<style>${STYLE}</style>
</head>
<body>
<header><h1>Cardhour API</h1><p class="quiet" id="words"></p>
<form onsubmit="return false"><label>API key (may be left out: the session of this browser is used)<input id="key" type="password" autocomplete="off"></label></form></header>
<main></main>
<script type="module">${SCRIPT}</script>
</body>
</html>
`;
