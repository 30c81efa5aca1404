//! What a tool in Rust says to the server while it runs.
//!
//! ```ignore
//! use collet_tool::{input, json, log, memory};
//!
//! fn main() -> Result<(), collet_tool::Error> {
//!     let name = json::text(&input(), "name").unwrap_or_default();
//!     log("info", &format!("Greeting {}", name));
//!     let calls = memory::increment("calls", 1.0)?;
//!     println!("{{\"greeting\":{},\"calls\":{}}}", json::quote(&name), calls);
//!     Ok(())
//! }
//! ```
//!
//! Values are JSON, as text: [`json`] writes texts and takes values out, and a crate such as `serde_json` reads them all.

use std::fmt;
use std::io::Read;

#[link(wasm_import_module = "collet")]
extern "C" {
    #[link_name = "request"]
    fn send(message: *const u8, length: usize) -> usize;
    #[link_name = "reply"]
    fn receive(reply: *mut u8);
}

/// A request that was refused.
#[derive(Debug, Clone, PartialEq)]
pub struct Error {
    /// Of JSON-RPC, such as -32602 for wrong parameters.
    pub code: i64,
    /// The words of the server.
    pub message: String,
    /// What came with them, as JSON.
    pub data: Option<String>,
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

/// Gives the arguments of the call, as JSON.
pub fn input() -> String {
    let mut bytes = Vec::new();
    // what cannot be read is not there
    let _ = std::io::stdin().read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Sends any message of the protocol with its parameters as JSON, and gives its result as JSON.
pub fn request(method: &str, params: &str) -> Result<String, Error> {
    let message = format!("{{\"method\":{},\"params\":{}}}", json::quote(method), params);
    // SAFETY: the server reads `length` bytes, and writes as many as it said before
    let bytes = unsafe {
        let mut bytes = vec![0u8; send(message.as_ptr(), message.len())];
        receive(bytes.as_mut_ptr());
        bytes
    };
    let reply = String::from_utf8_lossy(&bytes).into_owned();
    match json::member(&reply, "error") {
        Some(error) => Err(Error {
            code: json::member(error, "code").and_then(|code| code.parse().ok()).unwrap_or(0),
            message: json::text(error, "message").unwrap_or_else(|| error.to_string()),
            data: json::member(error, "data").map(str::to_string),
        }),
        None => Ok(json::member(&reply, "result").unwrap_or("null").to_string()),
    }
}

/// Writes to the log of the client; levels are those of MCP: debug, info, notice, warning, error and above.
pub fn log(level: &str, message: &str) {
    let _ = request("log", &format!("{{\"level\":{},\"message\":{}}}", json::quote(level), json::quote(message)));
}

/// Writes to the log of the client, with data as JSON.
pub fn log_data(level: &str, message: &str, data: &str) {
    let (level, message) = (json::quote(level), json::quote(message));
    let _ = request("log", &format!("{{\"level\":{},\"message\":{},\"data\":{}}}", level, message, data));
}

/// Tells how far the call has come; `current` must rise.
pub fn progress(current: f64, total: Option<f64>, message: &str) {
    let total = total.map(|total| format!("\"total\":{},", total)).unwrap_or_default();
    let message = json::quote(message);
    let _ = request("progress", &format!("{{\"current\":{},{}\"message\":{}}}", current, total, message));
}

/// Gives a piece of the result as it comes.
pub fn stream(text: &str) {
    let _ = request("stream", &format!("{{\"data\":{}}}", json::quote(text)));
}

/// Calls another tool with arguments as JSON, and gives its value as JSON.
pub fn call_tool(name: &str, arguments: &str) -> Result<String, Error> {
    let params = format!("{{\"name\":{},\"arguments\":{}}}", json::quote(name), arguments);
    Ok(member_or_null(&request("tools/call", &params)?, "output"))
}

/// Reads a resource, and gives its contents as a JSON list.
pub fn read_resource(uri: &str) -> Result<String, Error> {
    let params = format!("{{\"uri\":{}}}", json::quote(uri));
    Ok(member_or_null(&request("resources/read", &params)?, "contents"))
}

/// Asks the user for what a JSON schema describes; gives `{"action", "content"}`.
pub fn elicit(message: &str, schema: &str) -> Result<String, Error> {
    let params = format!("{{\"message\":{},\"requestedSchema\":{}}}", json::quote(message), schema);
    request("elicitation/create", &params)
}

fn member_or_null(object: &str, name: &str) -> String {
    json::member(object, name).unwrap_or("null").to_string()
}

/// What the tool remembers from one call to the next, for each caller apart. Values are JSON.
pub mod memory {
    use super::{json, member_or_null, request, Error};

    /// Gives a value; `None` where there is none.
    pub fn get(key: &str) -> Result<Option<String>, Error> {
        let value = member_or_null(&request("memory/get", &format!("{{\"key\":{}}}", json::quote(key)))?, "value");
        Ok(if value == "null" { None } else { Some(value) })
    }

    /// Writes a value for good.
    pub fn set(key: &str, value: &str) -> Result<(), Error> {
        let params = format!("{{\"key\":{},\"value\":{}}}", json::quote(key), value);
        request("memory/set", &params).map(|_| ())
    }

    /// Writes a value for some seconds.
    pub fn set_for(key: &str, value: &str, seconds: f64) -> Result<(), Error> {
        let params = format!("{{\"key\":{},\"value\":{},\"ttl\":{}}}", json::quote(key), value, seconds);
        request("memory/set", &params).map(|_| ())
    }

    /// Removes a value; tells whether it was there.
    pub fn delete(key: &str) -> Result<bool, Error> {
        let result = request("memory/delete", &format!("{{\"key\":{}}}", json::quote(key)))?;
        Ok(json::member(&result, "deleted") == Some("true"))
    }

    /// Lists the keys that begin with a prefix.
    pub fn list(prefix: &str) -> Result<Vec<String>, Error> {
        let result = request("memory/list", &format!("{{\"prefix\":{}}}", json::quote(prefix)))?;
        let keys = json::items(json::member(&result, "keys").unwrap_or("[]"));
        Ok(keys.into_iter().map(json::unquote).collect())
    }

    /// Adds to a whole number, atomically; gives the sum.
    pub fn increment(key: &str, by: f64) -> Result<f64, Error> {
        let result = request("memory/increment", &format!("{{\"key\":{},\"by\":{}}}", json::quote(key), by))?;
        Ok(json::member(&result, "value").and_then(|value| value.parse().ok()).unwrap_or(0.0))
    }
}

/// As much of JSON as a small tool needs.
pub mod json {
    /// Writes a text as JSON.
    pub fn quote(text: &str) -> String {
        let mut json = String::with_capacity(text.len() + 2);
        json.push('"');
        for character in text.chars() {
            match character {
                '"' => json.push_str("\\\""),
                '\\' => json.push_str("\\\\"),
                '\n' => json.push_str("\\n"),
                control if (control as u32) < 0x20 => json.push_str(&format!("\\u{:04x}", control as u32)),
                other => json.push(other),
            }
        }
        json.push('"');
        json
    }

    /// Gives the text that a JSON string stands for; other JSON stays as it is.
    pub fn unquote(json: &str) -> String {
        let json = json.trim();
        let inner = match json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
            Some(inner) => inner,
            None => return json.to_string(),
        };
        let mut text = String::with_capacity(inner.len());
        let mut units = Vec::new();
        let mut rest = inner.chars();
        while let Some(character) = rest.next() {
            if character == '\\' {
                let escaped = rest.next().unwrap_or('\\');
                if escaped == 'u' {
                    let digits: String = rest.by_ref().take(4).collect();
                    units.push(u16::from_str_radix(&digits, 16).unwrap_or(0xfffd));
                    continue;
                }
                flush(&mut text, &mut units);
                text.push(match escaped {
                    'n' => '\n',
                    't' => '\t',
                    'r' => '\r',
                    'b' => '\u{8}',
                    'f' => '\u{c}',
                    other => other,
                });
            } else {
                flush(&mut text, &mut units);
                text.push(character);
            }
        }
        flush(&mut text, &mut units);
        text
    }

    /// Gives the value of a member of an object, as JSON; `None` where there is none.
    pub fn member<'a>(object: &'a str, name: &str) -> Option<&'a str> {
        parts(object, '{').into_iter().find_map(|part| {
            let end = ending(part, 0);
            let key = &part[..end];
            let value = part[end..].trim_start().strip_prefix(':')?.trim();
            if unquote(key) == name { Some(value) } else { None }
        })
    }

    /// Gives a member of an object as text: a string as what it stands for; `None` where there is none, or it is null.
    pub fn text(object: &str, name: &str) -> Option<String> {
        member(object, name).filter(|value| *value != "null").map(unquote)
    }

    /// Gives a member of an object as a number; `None` where there is none.
    pub fn number(object: &str, name: &str) -> Option<f64> {
        member(object, name).and_then(|value| value.parse().ok())
    }

    /// Gives the items of a list, as JSON.
    pub fn items(list: &str) -> Vec<&str> {
        parts(list, '[')
    }

    fn flush(text: &mut String, units: &mut Vec<u16>) {
        if !units.is_empty() {
            text.push_str(&String::from_utf16_lossy(units));
            units.clear();
        }
    }

    /// Gives what stands between the brackets, split at the commas of that level.
    fn parts(json: &str, bracket: char) -> Vec<&str> {
        let mut found = Vec::new();
        let mut rest = match json.trim().strip_prefix(bracket) {
            Some(rest) => rest.trim_start(),
            None => return found,
        };
        while !rest.is_empty() && !rest.starts_with(|it| it == '}' || it == ']') {
            let mut end = ending(rest, 0);
            // a member has its value behind the colon
            let behind = rest[end..].trim_start();
            if let Some(value) = behind.strip_prefix(':') {
                let start = rest.len() - value.trim_start().len();
                end = ending(rest, start);
            }
            if end == 0 {
                break;
            }
            found.push(rest[..end].trim());
            rest = rest[end..].trim_start();
            rest = rest.strip_prefix(',').map(str::trim_start).unwrap_or(rest);
        }
        found
    }

    /// Gives where the value that begins at `from` has ended.
    fn ending(json: &str, from: usize) -> usize {
        let bytes = json.as_bytes();
        let mut depth = 0usize;
        let mut is_text = false;
        let mut at = from;
        while at < bytes.len() {
            match (is_text, bytes[at]) {
                (true, b'\\') => at += 1,
                (true, b'"') => {
                    is_text = false;
                    if depth == 0 {
                        return at + 1;
                    }
                }
                (true, _) => {}
                (false, b'"') => is_text = true,
                (false, b'{') | (false, b'[') => depth += 1,
                (false, b'}') | (false, b']') if depth == 0 => return at,
                (false, b'}') | (false, b']') => {
                    depth -= 1;
                    if depth == 0 {
                        return at + 1;
                    }
                }
                (false, b',') | (false, b':') if depth == 0 => return at,
                (false, space) if depth == 0 && space <= b' ' => return at,
                _ => {}
            }
            at += 1;
        }
        bytes.len()
    }
}
