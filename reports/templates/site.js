"use strict";
// Filters of the matrix, buttons that copy, and cases that open when they are linked to. Every page can be read without it.

const MARKS = ["✓", "≠", "✗"], KINDS = ["follows", "differs", "wrong"];

function copies() {
  for (const button of document.querySelectorAll("button.copy")) {
    button.addEventListener("click", async () => {
      const text = button.parentElement.querySelector("code").textContent;
      try {
        await navigator.clipboard.writeText(text);
        button.textContent = "Copied";
      } catch {
        getSelection().selectAllChildren(button.parentElement.querySelector("code"));
        button.textContent = "Selected";
      }
      setTimeout(() => (button.textContent = "Copy"), 2000);
    });
  }
}

function opens() {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
  target.scrollIntoView();
  const head = target.querySelector("summary");
  if (target.tagName === "DETAILS" && head) head.focus({ preventScroll: true });
}

// One row of a matrix for each implementation, or for each of its dialects: rule → counts of the three kinds.
function counted(data, matrix, wanted) {
  const rows = new Map();
  for (const [i, dialect, operation, dtype, rule, kind, count] of matrix.cells) {
    if (wanted.operation && data.operations[operation] !== wanted.operation) continue;
    if (wanted.dtype && data.dtypes[dtype] !== wanted.dtype) continue;
    if (wanted.dialect && !data.dialects[dialect].includes(wanted.dialect)) continue;
    const key = wanted.apart ? `${i} ${dialect}` : `${i}`;
    if (!rows.has(key)) rows.set(key, { i, dialect: wanted.apart ? data.dialects[dialect] : "", rules: new Map() });
    const rules = rows.get(key).rules;
    if (!rules.has(rule)) rules.set(rule, [0, 0, 0]);
    rules.get(rule)[kind] += count;
  }
  return [...rows.values()].sort((a, b) => a.i - b.i || a.dialect.localeCompare(b.dialect));
}

function element(name, properties, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

function cell(about, rule, counts, kindWanted) {
  const total = counts ? counts[0] + counts[1] + counts[2] : 0;
  const kind = kindWanted !== "" ? Number(kindWanted) : counts ? [2, 1, 0].find((k) => counts[k]) : undefined;
  if (!total || kind === undefined || !counts[kind]) return element("td", { className: "none" }, "–");
  const link = element("a", { href: `implementations/${about.slug}.html#${rule}` });
  link.append(element("span", { className: `mark ${KINDS[kind]}`, ariaHidden: "true" }, MARKS[kind]));
  if (kind) link.append(` ${counts[kind]}`, element("small", {}, ` of ${total}`));
  else link.append(element("small", {}, ` ${counts[kind]}`));
  link.append(element("span", { className: "sr" }, ` ${KINDS[kind]}, ${about.name}, ${rule}`));
  const cell = element("td", { className: KINDS[kind] }, link);
  if (kind) cell.style.setProperty("--part", `${Math.round(15 + 85 * Math.sqrt(counts[kind] / total))}%`);
  return cell;
}

function line(data, matrix, row, kindWanted) {
  const about = data.implementations[row.i];
  const name = element("a", { href: `implementations/${about.slug}.html#${matrix.operator}` }, about.name);
  const head = element("th", { scope: "row" }, name, ...(row.dialect ? [" ", element("small", {}, row.dialect)] : []));
  return element("tr", {}, head, ...matrix.rules.map((rule, r) => cell(about, rule, row.rules.get(r), kindWanted)));
}

function filters() {
  const form = document.getElementById("filters");
  if (!form) return;
  const data = JSON.parse(document.getElementById("data").textContent);
  const list = document.getElementById("dialects");
  for (const name of data.dialects) list.append(element("option", { value: name }));
  const draw = () => {
    const fields = form.elements;
    const wanted = {
      operator: fields.operator.value, operation: fields.operation.value, dtype: fields.dtype.value, dialect: fields.dialect.value.trim(), apart: fields.apart.checked,
    };
    let shown = 0;
    for (const matrix of data.matrices) {
      const section = document.querySelector(`section[data-operator="${matrix.operator}"]`);
      section.hidden = Boolean(wanted.operator) && wanted.operator !== matrix.operator;
      if (section.hidden) continue;
      const rows = counted(data, matrix, wanted).map((row) => line(data, matrix, row, fields.kind.value));
      section.querySelector("tbody").replaceChildren(...rows);
      shown += rows.length;
    }
    const dialects = wanted.dialect && `dialects with “${wanted.dialect}”`;
    const operator = wanted.operator && fields.operator.selectedOptions[0].text;
    const chosen = [operator, wanted.operation, wanted.dtype, dialects].filter(Boolean);
    document.getElementById("shown").textContent = `${shown} rows${chosen.length ? `: ${chosen.join(", ")}` : ""}`;
    const query = new URLSearchParams([...new FormData(form)].filter(([, value]) => value));
    history.replaceState(null, "", query.size ? `?${query}` : location.pathname);
  };
  for (const [name, value] of new URLSearchParams(location.search)) {
    const field = form.elements[name];
    if (field) field.type === "checkbox" ? (field.checked = true) : (field.value = value);
  }
  form.addEventListener("input", draw);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(draw));
  draw();
}

copies();
filters();
opens();
addEventListener("hashchange", opens);
