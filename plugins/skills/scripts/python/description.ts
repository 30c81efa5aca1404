/**
 * What the tool `execute_python_code` says of itself.
 *
 * @module
 */

/** How the tool is used. */
export const DESCRIPTION = `Run Python code in a sandbox, with modules, packages and variables of one or several skills.

Write code here rather than calling tools one by one: it loops, filters and joins, and only what it prints comes back.

REFERENCES: \`skill_references\` lists files of skills as "skill_name:path/to/file.py". For each
- the skill's folder and the folder of the file become import paths, so that its modules are imported by name;
- the variables of the skill's .env are set;
- the packages that the file declares (PEP 723) are installed together with those of the code;
- the code may do what the skill is granted. Without references it has no grants.

Skills that set a variable to different values, or ask for versions of a package that contradict each other, are reported.

Example:
\`\`\`json
{
  "code": "from api_client import WeatherAPI\\nprint(WeatherAPI().get_weather('London'))",
  "skill_references": ["weather-skill:api_client.py"]
}
\`\`\`

PACKAGES: the code declares its own by PEP 723, at its top:
\`\`\`python
# /// script
# dependencies = [
#   "requests>=2.31.0",
# ]
# ///
\`\`\`

TOOLS: \`from collet_tool import call_tool, list_tools, log, progress\` calls tools of this server:
\`\`\`python
from collet_tool import call_tool
for skill in call_tool("list_skills")["skills"]:
    print(skill["name"])
\`\`\`

The code runs in a private folder that is removed afterwards, has no input, and cannot change skills.

RETURNS: exit code (0 is success), STDOUT and STDERR.`;
