package report

import (
	"context"
	"fmt"
	"html"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// In a browser, at the width of a phone and of a desk, nothing but the boxes
// made for it scrolls sideways. The page itself runs no script: the test puts
// one in, and the page in a frame of that width.
func TestPageFits(t *testing.T) {
	if testing.Short() {
		t.Skip("short")
	}
	var browser string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			browser = path
			break
		}
	}
	if browser == "" {
		t.Skip("no chromium")
	}
	const probe = `<script>addEventListener("load", () => {
  let e = document.documentElement, wide = []
  for (const x of document.querySelectorAll("main *")) {
    if (x.closest(".scroll, .picture")) continue
    if (x.getBoundingClientRect().right > e.clientWidth + 1) wide.push(x.tagName + "." + x.className)
  }
  parent.postMessage(e.clientWidth + " " + e.scrollWidth + " " + wide.slice(0, 5).join(","), "*")
})</script>`
	long := demo()
	long.Tables[0].Name = "a_schema_of_many_words_and_more." + strings.Repeat("long_table_name_", 3)
	long.Run.Command = append(long.Run.Command, "--"+strings.Repeat("option", 30))
	for name, r := range map[string]*Report{"demo": demo(), "long": long} {
		page := mustHTML(t, r)
		page = regexp.MustCompile(`<meta http-equiv[^>]*>`).ReplaceAllString(page, "")
		page = strings.Replace(page, "</body>", probe+"</body>", 1)
		var b strings.Builder
		b.WriteString(`<!doctype html><body><script>addEventListener("message", e => { let p = document.createElement("p"); p.textContent = "fit: " + e.data; document.body.append(p) })</script>`)
		for _, width := range []int{390, 1280} {
			fmt.Fprintf(&b, `<iframe width="%d" height="800" style="border:0" srcdoc="%s"></iframe>`, width, html.EscapeString(page))
		}
		file := filepath.Join(t.TempDir(), "frame.html")
		if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		cmd := exec.CommandContext(ctx, browser, "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=5000", "--user-data-dir="+t.TempDir(), "--dump-dom", "file://"+file)
		out, err := cmd.Output()
		cancel()
		if err != nil {
			t.Skipf("chromium does not run here: %v", err)
		}
		fits := regexp.MustCompile(`<p>fit: (\d+) (\d+) ([^<]*)</p>`).FindAllStringSubmatch(string(out), -1)
		if len(fits) != 2 {
			t.Fatalf("%s: %d of 2 frames answered", name, len(fits))
		}
		for _, f := range fits {
			if f[1] != f[2] || f[3] != "" {
				t.Errorf("%s: %s pixels wide, the page is %s: %s", name, f[1], f[2], f[3])
			}
		}
	}
}
