/**
 * A skill with everything: scripts in three languages, schemas, hints, groups, what comes next, and files to read.
 *
 * @module
 */

/** Its files. */
export const HARBOUR: Readonly<Record<string, string>> = {
  "SKILL.md": `---
name: harbour-tides
description: Reads tide tables of harbours. Use it for high water, low water and depths.
license: MIT
metadata:
  dcc-mcp:
    dcc: nautics
    version: "2.1"
    tags: [sea, tables]
    search-hint: "harbour, depth, moon"
    tools: tools.yaml
---
# Harbour tides

Ask for the harbour first, then measure.
`,
  "tools.yaml": `tools:
  - name: high-water
    description: Tells when the water is high
    source_file: scripts/high_water.py
    input_schema:
      type: object
      properties:
        harbour: { type: string }
        metres: { type: number }
      required: [harbour]
    output_schema:
      type: object
      properties: { success: { type: boolean }, message: { type: string }, context: { type: object } }
      required: [success, message]
    annotations: { title: High water, read_only_hint: true }
    next-tools: { on-success: [depth], on-failure: [list_skills] }
  - name: depth
    description: Tells how deep the water is
    source_file: scripts/depth.mjs
  - name: chart
    description: Draws a chart
    source_file: scripts/chart.sh
    group: charts
  - name: survey
    description: Takes its time
    source_file: scripts/survey.sh
    execution: async
groups:
  - name: charts
    description: Charts of the coast
    tools: [chart]
`,
  "scripts/high_water.py": `from collet_skill import skill_entry, skill_error, skill_success

@skill_entry
def main(harbour, metres=0.0):
    if harbour == "Atlantis":
        return skill_error("There is no such harbour", harbour)
    return skill_success("High water", prompt="Measure the depth now", harbour=harbour, metres=metres + 1.5)

if __name__ == "__main__":
    from collet_skill import run_main
    run_main(main)
`,
  "scripts/depth.mjs": `import { stdin, argv } from "node:process";
let text = "";
for await (const chunk of stdin) text += chunk;
console.log(JSON.stringify({ success: true, given: JSON.parse(text), words: argv.slice(2) }));
`,
  "scripts/chart.sh": `cat > /dev/null
echo "drawing" >&2
printf 'a line of text\\n'
`,
  "scripts/survey.sh": `cat > /dev/null; sleep 0.2; echo '{"success":true,"surveyed":12}'`,
  "references/moon.md": "# The moon\n\nIt pulls.\n",
};
