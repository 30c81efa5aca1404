//! Does what the field `action` of its arguments says.

use collet_tool::{call_tool, input, log, memory, progress};
use serde_json::{json, Value};
use std::collections::hash_map::RandomState;
use std::error::Error;
use std::hash::{BuildHasher, Hasher};
use std::time::{SystemTime, UNIX_EPOCH};
use std::{env, fs, process};

fn main() -> Result<(), Box<dyn Error>> {
    let given: Value = serde_json::from_str(&input())?;
    let text = |name: &str| given[name].as_str().unwrap_or_default().to_string();
    let answer = match given["action"].as_str().unwrap_or_default() {
        "echo" => json!({ "value": given["value"], "text": text("text"), "points": text("text").chars().count() }),
        "size" => json!({ "bytes": text("text").len(), "text": text("text") }),
        "exit" => {
            eprintln!("it was asked for\nthe reason is é🎉");
            process::exit(3)
        }
        "trap" => panic!("it was asked to panic"),
        "loop" => loop {
            std::thread::yield_now();
        },
        "memory" => {
            let mut all = Vec::new();
            loop {
                all.push(vec![1u8; 1 << 20]);
            }
        }
        "write" => {
            fs::write(text("path"), text("text"))?;
            json!({ "written": text("text").len() })
        }
        "read" => json!({ "text": fs::read_to_string(text("path"))? }),
        "env" => json!({ "value": env::var(text("name")).ok() }),
        "random" => json!({ "random": format!("{:016x}", RandomState::new().build_hasher().finish()) }),
        "clock" => json!({ "ms": SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis() as u64 }),
        "package" => json!({ "package": serde_json::from_str::<Value>("[1.5e3]")? }),
        "help" => {
            log("warning", "helping é🎉");
            progress(1.0, Some(2.0), "half");
            let calls = memory::increment("calls", 1.0)?;
            json!({ "calls": calls as u64, "pong": call_tool("ping", "{}")?.trim_matches('"') })
        }
        other => return Err(format!("there is no action {:?}", other).into()),
    };
    println!("{}", answer);
    Ok(())
}
