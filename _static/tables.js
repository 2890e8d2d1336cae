/* A box above each long table: it leaves the rows that have all the words typed into it. */
addEventListener("DOMContentLoaded", () => {
  for (const [number, table] of document.querySelectorAll("article table.long").entries()) {
    const rows = [...table.tBodies[0].rows];
    const box = document.createElement("div");
    box.className = "table-filter";
    box.innerHTML = `<label for=table-filter-${number}>Rows with</label>
      <input id=table-filter-${number} autocomplete=off autocapitalize=off spellcheck=false>
      <output for=table-filter-${number}></output>`;
    const [, input, count] = box.children;
    input.addEventListener("input", () => {
      const words = input.value.toLowerCase().split(/\s+/);
      for (const row of rows) {
        const text = row.textContent.toLowerCase();
        row.hidden = !words.every((word) => text.includes(word));
      }
      count.value = `${rows.filter((row) => !row.hidden).length} of ${rows.length} rows`;
    });
    table.parentElement.before(box);
  }
});
