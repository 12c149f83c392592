// The part of Markdown that the pages of the lessons use, as HTML.
const escape = text => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");

// `link(address)` gives the address in the page, or null: then only the words stay.
function inline(text, link) {
  const codes = [];
  return escape(text.replace(/`([^`]+)`/g, (_, code) => `\x01${codes.push(code) - 1}\x02`))
    .replace(/\[([^\]]+)\]\(([^)]+)\)/g, (_, words, address) =>
      link(address) ? `<a href="${link(address)}">${words}</a>` : words,
    )
    .replace(/\*\*([^*]+)\*\*/g, "<strong>$1</strong>")
    .replace(/\*([^*]+)\*/g, "<em>$1</em>")
    .replace(/\x01(\d+)\x02/g, (_, i) => `<code>${escape(codes[i])}</code>`);
}

// A list of {kind, html | text}: h1, h2, html (paragraphs and lists), and the fenced blocks cpp, sh, text.
export function blocks(markdown, link) {
  const out = [],
    lines = markdown.split("\n");
  const table = rows => {
    const cells = row =>
      row
        .trim()
        .replace(/^\||\|$/g, "")
        .split("|")
        .map(cell => inline(cell.trim(), link));
    return `<div class="scroll"><table><thead><tr>${cells(rows[0])
      .map(c => `<th>${c}</th>`)
      .join("")}</tr></thead><tbody>${rows
      .slice(2)
      .map(
        row =>
          `<tr>${cells(row)
            .map(c => `<td>${c}</td>`)
            .join("")}</tr>`,
      )
      .join("")}</tbody></table></div>`;
  };
  for (let i = 0; i < lines.length; ) {
    const line = lines[i],
      fence = /^```(\w*)/.exec(line),
      take = test => {
        const from = i;
        while (i < lines.length && test(lines[i])) ++i;
        return lines.slice(from, i);
      };
    if (fence) {
      ++i;
      const inside = take(l => !l.startsWith("```")),
        margin = Math.min(...inside.filter(l => l.trim()).map(l => /^ */.exec(l)[0].length));
      out.push({kind: fence[1] || "text", text: inside.map(l => l.slice(fence[1] === "cpp" ? margin : 0)).join("\n")});
      ++i;
    } else if (/^#+ /.test(line)) {
      const words = line.replace(/^#+ /, "");
      out.push({kind: line.startsWith("## ") ? "h2" : "h1", text: words, html: inline(words, link)});
      ++i;
    } else if (!line.trim()) ++i;
    else if (/^ {4}\S/.test(line))
      out.push({
        kind: "html",
        html: `<pre class="formula">${take(l => /^ {4}/.test(l))
          .map(l => escape(l.slice(4)))
          .join("\n")}</pre>`,
      });
    else if (line.startsWith("|")) out.push({kind: "html", html: table(take(l => l.startsWith("|")))});
    else if (/^(- |\d+\. )/.test(line)) {
      const items = [],
        list = line.startsWith("- ") ? "ul" : "ol";
      for (const l of take(l => /^(- |\d+\. | {2,3}\S)/.test(l)))
        /^\s/.test(l) ? items.push(items.pop() + " " + l.trim()) : items.push(l.replace(/^(- |\d+\. )/, ""));
      out.push({
        kind: "html",
        html: `<${list}>${items.map(item => `<li>${inline(item, link)}</li>`).join("")}</${list}>`,
      });
    } else {
      const words = take(l => l.trim() && !/^(```|#+ |- |\d+\. |\|)/.test(l)).join(" ");
      out.push({kind: "html", html: `<p>${inline(words, link)}</p>`});
    }
  }
  return out;
}
