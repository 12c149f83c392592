// The part of Markdown that the pages of the lessons use, as HTML.
const escape = text => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");

// `link(address)` gives the address in the page, or null: then only the words stay.
function inline(text, link) {
  return text.split(/(`[^`]+`)/).map((part, i) => {
    if (i % 2) return `<code>${escape(part.slice(1, -1))}</code>`;
    return escape(part)
      .replace(/\[([^\]]+)\]\(([^)]+)\)/g, (_, words, address) => link(address) ? `<a href="${link(address)}">${words}</a>` : words)
      .replace(/\*\*([^*]+)\*\*/g, "<strong>$1</strong>")
      .replace(/\*([^*]+)\*/g, "<em>$1</em>");
  }).join("");
}

// A list of {kind, html | text}: h1, h2, html (paragraphs and lists), and the fenced blocks cpp, sh, text.
export function blocks(markdown, link) {
  const out = [], lines = markdown.split("\n");
  const table = rows => {
    const cells = row => row.trim().replace(/^\||\|$/g, "").split("|").map(cell => inline(cell.trim(), link));
    return `<div class="scroll"><table><thead><tr>${cells(rows[0]).map(c => `<th>${c}</th>`).join("")}</tr></thead><tbody>${rows.slice(2).map(row => `<tr>${cells(row).map(c => `<td>${c}</td>`).join("")}</tr>`).join("")}</tbody></table></div>`;
  };
  for (let i = 0; i < lines.length;) {
    const line = lines[i], fence = /^```(\w*)/.exec(line), take = test => { const from = i; while (i < lines.length && test(lines[i])) ++i; return lines.slice(from, i); };
    if (fence) {
      ++i;
      out.push({kind: fence[1] || "text", text: take(l => !l.startsWith("```")).join("\n")});
      ++i;
    } else if (/^#+ /.test(line)) {
      const words = line.replace(/^#+ /, "");
      out.push({kind: line.startsWith("## ") ? "h2" : "h1", text: words, html: inline(words, link)});
      ++i;
    } else if (!line.trim()) ++i;
    else if (/^ {4}\S/.test(line)) out.push({kind: "html", html: `<pre class="formula">${take(l => /^ {4}/.test(l)).map(l => escape(l.slice(4))).join("\n")}</pre>`});
    else if (line.startsWith("|")) out.push({kind: "html", html: table(take(l => l.startsWith("|")))});
    else if (line.startsWith("- ")) {
      const items = [];
      for (const l of take(l => /^(- | {2}\S)/.test(l))) l.startsWith("- ") ? items.push(l.slice(2)) : items.push(items.pop() + " " + l.trim());
      out.push({kind: "html", html: `<ul>${items.map(item => `<li>${inline(item, link)}</li>`).join("")}</ul>`});
    } else {
      const words = take(l => l.trim() && !/^(```|#+ |- |\|)/.test(l)).join(" ");
      out.push({kind: "html", html: `<p>${inline(words, link)}</p>`});
    }
  }
  return out;
}
