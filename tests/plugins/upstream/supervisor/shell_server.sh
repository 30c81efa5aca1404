#!/bin/sh
# An MCP server of a few lines, since a thousand have to start. It has a child, which has to end with it.
sleep 10000 &
tools='{"tools":[{"name":"pid","inputSchema":{"type":"object"}},{"name":"crash","inputSchema":{"type":"object"}}]}'
server='{"protocolVersion":"2025-06-18","capabilities":{"tools":{}},"serverInfo":{"name":"shell","version":"1"}}'
while IFS= read -r line; do
  case $line in *'"id":'*) ;; *) continue ;; esac
  id=${line##*'"id":'}
  id=${id%%[,\}]*}
  result=
  case $line in
    *'"method":"initialize"'*) result=$server ;;
    *'"method":"tools/list"'*) result=$tools ;;
    *'"method":"ping"'*) result='{}' ;;
    *'"name":"crash"'*) echo "about to crash" >&2; kill -9 $$ ;;
    *'"name":"hang"'*) continue ;;
    *'"method":"tools/call"'*) result="{\"content\":[{\"type\":\"text\",\"text\":\"$$\"}]}" ;;
  esac
  if [ -n "$result" ]; then
    echo "{\"jsonrpc\":\"2.0\",\"id\":$id,\"result\":$result}"
  else
    echo "{\"jsonrpc\":\"2.0\",\"id\":$id,\"error\":{\"code\":-32601,\"message\":\"Method not found\"}}"
  fi
done
