# frozen_string_literal: true

require "json"

# Speaks the script protocol of Collet for a tool written in Ruby (2.5 or newer, standard library only).
#
#     require "collet_tool"
#
#     ColletTool.run do |arguments|
#       ColletTool.log("info", "Greeting", { "name" => arguments["name"] })
#       { "greeting" => "Hello, #{arguments["name"]}" }
#     end
#
# What the block gives is the result; what it raises fails the call. `puts` goes to the log of the client. Every method
# but `run` is used while the block runs; they may be called from any thread. A script that is run for what it prints
# needs no block, and what it prints stays its output.
module ColletTool
  CANCELLED = -32_800
  FAILED = 1
  # Deepest nesting of arguments, replies and results; JSON by itself takes 100.
  MOST_NESTED = 1_000
  # Whether this is a script that is run for what it prints; taken away, since a program that it starts is none.
  IS_CODE = ENV.delete("COLLET_TOOL_CODE") == "1"
  private_constant :IS_CODE

  # Fails the call with a message for whoever called; see ColletTool.fail.
  class ToolFailure < StandardError
    attr_reader :data, :code

    def initialize(message, data: nil, code: FAILED)
      super(message)
      @data = data
      @code = code
    end
  end

  # A request to the server failed: its words, and code and data where it gave them.
  class HostError < StandardError
    attr_reader :code, :data

    def initialize(message, code: nil, data: nil)
      super(message)
      @code = code
      @data = data
    end
  end

  # The call was cancelled. Like Interrupt it is no StandardError, so that it is not rescued by chance.
  class Cancelled < Exception; end # rubocop:disable Lint/InheritException

  # What the script is told of its call: arguments, roots (paths of folders), working_directory, tool_name, tools_dir,
  # environment, capabilities (which requests can succeed), and progress_token, nil unless the client wants progress.
  Context = Struct.new(
    :arguments, :roots, :working_directory, :tool_name, :tools_dir, :environment, :capabilities, :progress_token
  )

  # The conversation with the server: one thread reads, any thread may ask.
  class Session
    attr_reader :first, :reason, :broken

    def initialize
      $stdout.flush
      @output = $stdout.dup
      @output.binmode
      @output.sync = true
      @input = $stdin
      IS_CODE ? keep_input : divert_output
      @first = Queue.new
      @lock = Mutex.new
      @last_id = 0
      @pending = {}
      @listeners = []
      Thread.new { read }.report_on_exception = true
    end

    def send_line(message)
      line = JSON.generate(message, max_nesting: MOST_NESTED) << "\n"
      @lock.synchronize do
        # what was printed before comes before
        $stdout.flush if IS_CODE
        @output.write(line)
      end
    end

    def notify(method, params)
      raise Cancelled, @reason if @reason

      send_line({ "jsonrpc" => "2.0", "method" => method, "params" => params.compact })
    end

    def request(method, params)
      waiting = Queue.new
      id = @lock.synchronize do
        raise @end.call if @end

        @pending[@last_id += 1] = waiting
        @last_id
      end
      send_line({ "jsonrpc" => "2.0", "id" => id, "method" => method, "params" => params })
      reply = waiting.pop
      raise reply.call if reply.is_a?(Proc)

      result_of(reply)
    ensure
      @lock.synchronize { @pending.delete(id) }
    end

    def on_cancel(&listener)
      is_over = @lock.synchronize do
        @listeners << listener unless @reason
        @reason
      end
      listener.call if is_over
    end

    private

    # What is printed, also by a program that is started, must not be taken for a message.
    def divert_output
      $stdout.reopen($stderr)
      $stdout.sync = true
    end

    # Replies are for nobody else who reads.
    def keep_input
      @input = $stdin.dup
      $stdin.reopen(File::NULL)
    end

    def read
      @input.set_encoding(Encoding::UTF_8)
      @input.each_line { |line| take(JSON.parse(line, max_nesting: MOST_NESTED)) }
    rescue JSON::ParserError => e
      @broken = "Cannot read what the server sends: #{e.message[0, 200]}"
    ensure
      finish { HostError.new(@broken || "The server has closed the connection") }
      @first << nil
    end

    def take(message)
      case message["method"]
      when "execute" then @first << message
      when "notifications/cancelled" then cancel(message.dig("params", "reason") || "The call was cancelled")
      when nil
        waiting = @lock.synchronize { @pending[message["id"]] }
        waiting << message if waiting
      end
    end

    def cancel(reason)
      listeners = @lock.synchronize do
        @reason = reason
        @listeners.slice!(0..-1)
      end
      finish { Cancelled.new(reason) }
      listeners.each(&:call)
    end

    def finish(&error)
      @lock.synchronize do
        @end ||= error
        @pending.each_value { |waiting| waiting << @end }
      end
    end

    def result_of(reply)
      error = reply["error"]
      raise HostError.new(error["message"].to_s, code: error["code"], data: error["data"]) if error

      result = reply["result"]
      # revision 1 of the protocol tells of a failure in the result; beside "error" an elicitation has its "action"
      if result.is_a?(Hash) && result["error"].is_a?(String) && (result.keys - %w[error action]).empty?
        raise HostError, result["error"]
      end

      result
    end
  end

  # What the tool remembers from one call to the next, for each caller apart. Values are JSON; ttl is in seconds.
  module Memory
    module_function

    # Gives a value, or the default where there is none.
    def get(key, default = nil)
      value = ColletTool.request("memory/get", { "key" => key })["value"]
      value.nil? ? default : value
    end

    # Writes a value; it is kept for good, or for ttl seconds.
    def set(key, value, ttl: nil)
      ColletTool.request("memory/set", { "key" => key, "value" => value, "ttl" => ttl })
      nil
    end

    # Removes a value; tells whether it was there.
    def delete(key)
      ColletTool.request("memory/delete", { "key" => key })["deleted"]
    end

    # Lists the keys that begin with a prefix.
    def list(prefix = "")
      ColletTool.request("memory/list", { "prefix" => prefix })["keys"]
    end

    # Merges members into an object, atomically; those that are nil are removed. Gives the object.
    def update(key, patch, ttl: nil)
      ColletTool.request("memory/update", { "key" => key, "value" => patch, "ttl" => ttl })["value"]
    end

    # Adds to a whole number, atomically; gives the sum.
    def increment(key, by = 1, ttl: nil)
      ColletTool.request("memory/increment", { "key" => key, "by" => by, "ttl" => ttl })["value"]
    end

    # Gives the entries whose keys begin with a prefix, one by one to a block: key, value, version, expires_at.
    def entries(prefix = "", &block)
      return to_enum(:entries, prefix) unless block

      cursor = nil
      loop do
        page = ColletTool.request("memory/entries", { "prefix" => prefix, "cursor" => cursor })
        page["entries"].each(&block)
        cursor = page["cursor"]
        break if cursor.nil?
      end
    end

    # Gives several values by key; nil where there is none.
    def bulk_get(keys)
      ColletTool.request("memory/bulk_get", { "keys" => keys })["values"]
    end

    # Writes several values, a Hash, or none of them.
    def bulk_set(values, ttl: nil)
      ColletTool.request("memory/bulk_set", { "entries" => values, "ttl" => ttl })
      nil
    end

    # Removes several values; gives how many were there.
    def bulk_delete(keys)
      ColletTool.request("memory/bulk_delete", { "keys" => keys })["deleted"]
    end
  end

  NO_CONTEXT = [{}, [], "", "", "", {}, {}, nil].freeze
  private_constant :NO_CONTEXT
  @context = Context.new(*NO_CONTEXT)

  class << self
    # What the script is told of its call.
    attr_reader :context

    # What the tool remembers.
    def memory
      Memory
    end

    # Runs the block with the arguments of the call, and answers with what it gives or raises. In a tool that is
    # persistent it runs for one call after the other, and what it keeps in variables outlives a call.
    def run
      return print_result(yield(@context.arguments)) if IS_CODE
      raise "Cannot run a second handler: a script has one" if @session

      @session = Session.new
      message = @session.first.pop
      abort(@session.broken || "Cannot run the tool: no request came on stdin") if message.nil?
      while message
        fill_context(message["params"] || {})
        answer = { "jsonrpc" => "2.0", "id" => message["id"] }
        @session.send_line(answer.merge(answer_of { yield @context.arguments }))
        message = ENV["COLLET_TOOL_PERSISTENT"] == "1" ? @session.first.pop : nil
      end
    end

    # Fails the call with a message, and data that is JSON.
    def fail(message, data = nil, code: FAILED)
      raise ToolFailure.new(message, data: data, code: code)
    end

    # Tells whether the call was cancelled. The next request, log or progress then raises Cancelled.
    def cancelled?
      !session.reason.nil?
    end

    # Calls the block when the call is cancelled, on another thread.
    def on_cancel(&listener)
      session.on_cancel(&listener)
    end

    # Writes to the log of the client; levels are those of MCP: debug, info, notice, warning, error and above.
    def log(level, message, data = nil)
      session.notify("log", { "level" => level, "message" => message, "data" => data })
    end

    # Tells how far the call has come; current must rise.
    def progress(current, total = nil, message = nil)
      session.notify("progress", { "current" => current, "total" => total, "message" => message })
    end

    # Gives a piece of the result as it comes; joined they are the result of a block that gives nil.
    def stream(data, is_final: nil)
      session.notify("stream", { "data" => data, "is_final" => is_final })
    end

    # Sends any request of the protocol, and gives the result of the reply; raises HostError with the server's words.
    def request(method, params = {})
      session.request(method, params)
    end

    # Calls another tool, and gives its value.
    def call_tool(name, arguments = {})
      request("tools/call", { "name" => name, "arguments" => arguments })["output"]
    end

    # Asks the user for what a schema describes: {"action" => "accept", "decline" or "cancel", "content" => {…}}.
    def elicit(message, schema)
      request("elicitation/create", { "message" => message, "requestedSchema" => schema })
    end

    # Asks the user to open a page: {"action" => …}.
    def elicit_url(message, url)
      request("elicitation/create", { "mode" => "url", "message" => message, "url" => url })
    end

    # Asks the model of the client: {"role", "content", "model", "stopReason"}. Messages are those of MCP, or one text;
    # options are those of MCP in snake_case, such as system_prompt.
    def sample(messages, max_tokens, **options)
      messages = [{ "role" => "user", "content" => { "type" => "text", "text" => messages } }] if messages.is_a?(String)
      params = options.map { |name, value| [name.to_s.gsub(/_(\w)/) { Regexp.last_match(1).upcase }, value] }.to_h
      request("sampling/createMessage", params.merge("messages" => messages, "maxTokens" => max_tokens))
    end

    # Lists the tools that the client sees, as MCP has them.
    def list_tools
      request("tools/list")["tools"]
    end

    # Lists the resources that the client sees, as MCP has them.
    def list_resources
      request("resources/list")["resources"]
    end

    # Lists the templates of resources that the client sees, as MCP has them.
    def list_resource_templates
      request("resources/templates/list")["resourceTemplates"]
    end

    # Reads a resource: a list of {"uri", "mimeType", "text" or "blob" in base64}.
    def read_resource(uri)
      request("resources/read", { "uri" => uri })["contents"]
    end

    # Lists the prompts that the client sees, as MCP has them.
    def list_prompts
      request("prompts/list")["prompts"]
    end

    # Renders a prompt: {"description", "messages"}.
    def get_prompt(name, arguments = {})
      request("prompts/get", { "name" => name, "arguments" => arguments })
    end

    # Lists the roots of the client, as it has them now: {"uri", "name"}.
    def list_roots
      request("roots/list")["roots"]
    end

    # Completes an argument of what ref names, such as {"type" => "ref/prompt", "name" => …}; gives the values.
    def complete(ref, argument, value)
      params = { "ref" => ref, "argument" => { "name" => argument, "value" => value } }
      request("completion/complete", params)["completion"]["values"]
    end

    private

    # Opens the conversation for a script that is run for what it prints, which needs no block to talk.
    def begin_code
      @session = Session.new
      fill_context((@session.first.pop || {})["params"] || {})
    end

    def print_result(result)
      puts(result.is_a?(String) ? result : JSON.generate(result, max_nesting: MOST_NESTED)) unless result.nil?
    end

    def session
      @session || raise("Cannot talk with the server: use ColletTool.run, and call this from its block")
    end

    def fill_context(params)
      told = params["context"] || {}
      Context.members.zip(NO_CONTEXT) { |name, value| @context[name] = value }
      @context.arguments = params["arguments"]
      @context.progress_token = told.dig("_meta", "progressToken")
      %w[roots working_directory tool_name tools_dir environment capabilities].each do |name|
        @context[name] = told[name] if told.key?(name)
      end
    end

    def answer_of
      result = yield
      # what is no JSON, such as NaN, fails here
      JSON.generate([result], max_nesting: MOST_NESTED)
      { "result" => result }
    rescue ToolFailure => e
      failed(e.code, e.message, e.data)
    rescue Cancelled => e
      failed(CANCELLED, e.message)
    rescue StandardError, ScriptError => e
      warn(e.full_message(highlight: false))
      failed(FAILED, e.instance_of?(RuntimeError) ? e.message : "#{e.class}: #{e.message}")
    end

    def failed(code, message, data = nil)
      { "error" => { "code" => code, "message" => message, "data" => data }.compact }
    end
  end

  begin_code if IS_CODE
end
