/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `skyclust completion SHELL`: what a shell has to know, which is little: how
 * to ask.  Sources: bash(1) "Programmable Completion", zshcompsys(1), fish's
 * complete(1).
 */
#include <stdio.h>
#include <string.h>

#include "cli/complete.h"

/* clang-format off */
/* bash cuts words at = and : too, which are parts of words here: what stands
 * together is put together, and what bash has kept is cut off the answers. */
static const char bash[] =
"# bash completion of skyclust: source <(skyclust completion bash)\n"
"_skyclust() {\n"
"	local rest=${COMP_LINE:0:COMP_POINT} blank word line kept i\n"
"	local -a words=() lines=()\n"
"	for ((i = 0; i <= COMP_CWORD; i++)); do\n"
"		blank=${rest%%[![:blank:]]*}\n"
"		rest=${rest#\"$blank\"}\n"
"		word=${COMP_WORDS[i]}\n"
"		((i < COMP_CWORD)) || word=$rest\n"
"		if ((i)) && [[ -z $blank ]]; then words[-1]+=$word; else words+=(\"$word\"); fi\n"
"		rest=${rest#\"$word\"}\n"
"	done\n"
"	word=${words[-1]}\n"
"	kept=${word%\"${word##*[\"$COMP_WORDBREAKS\"]}\"}\n"
"	mapfile -t lines < <(\"$1\" __complete -- \"${words[@]:1}\" 2>/dev/null)\n"
"	COMPREPLY=()\n"
"	for line in \"${lines[@]}\"; do\n"
"		if [[ $line == $'\\tfiles' ]]; then\n"
"			compopt -o filenames\n"
"			mapfile -t -O ${#COMPREPLY[@]} COMPREPLY \\\n"
"				< <(compgen -f -- \"${word#\"$kept\"}\")\n"
"			continue\n"
"		fi\n"
"		line=${line%%$'\\t'*}\n"
"		printf -v line %q \"${line#\"$kept\"}\"\n"
"		COMPREPLY+=(\"$line\")\n"
"	done\n"
"}\n"
"complete -F _skyclust skyclust\n";

/* The file is a function to be loaded (fpath), or is sourced. */
static const char zsh[] =
"#compdef skyclust\n"
"# zsh completion of skyclust: source <(skyclust completion zsh)\n"
"_skyclust() {\n"
"	local line word help\n"
"	local -a lines found\n"
"	lines=(\"${(@f)$(\"${words[1]}\" __complete -- \"${(@Q)words[2,CURRENT-1]}\" \\\n"
"		\"${(Q)PREFIX}\" 2>/dev/null)}\")\n"
"	for line in $lines; do\n"
"		if [[ $line == $'\\tfiles' ]]; then\n"
"			compset -P '--*='\n"
"			_files\n"
"		else\n"
"			word=${line%%$'\\t'*}\n"
"			help=${${line#\"$word\"}#$'\\t'}\n"
"			[[ -z $word ]] || found+=(\"${word//:/\\\\:}${help:+:$help}\")\n"
"		fi\n"
"	done\n"
"	(( $#found )) && _describe -V skyclust found\n"
"}\n"
"if [[ ${funcstack[1]} == _skyclust ]]; then\n"
"	_skyclust \"$@\"\n"
"else\n"
"	compdef _skyclust skyclust\n"
"fi\n";

static const char fish[] =
"# fish completion of skyclust: skyclust completion fish | source\n"
"function __skyclust_complete\n"
"	set -l words (commandline -opc)\n"
"	set -l begun (commandline -ct)\n"
"	for line in ($words[1] __complete -- $words[2..] \"$begun\" 2>/dev/null)\n"
"		if test \"$line\" = \\tfiles\n"
"			set -l kept (string match -r -- '^--[^=]*=' \"$begun\")\n"
"			set -l stem (string replace -- \"$kept\" '' \"$begun\")\n"
"			for path in (__fish_complete_path \"$stem\")\n"
"				echo \"$kept$path\"\n"
"			end\n"
"		else\n"
"			echo $line\n"
"		end\n"
"	end\n"
"end\n"
"complete -c skyclust -f -a '(__skyclust_complete)'\n";
/* clang-format on */

static const struct {
	const char *shell, *text;
} scripts[] = { { "bash", bash }, { "zsh", zsh }, { "fish", fish } };

int complete_script_run(struct session *s)
{
	const char *shell = s->command.builtin->sub;

	for (size_t i = 0; i < ARRAY_LEN(scripts); i++)
		if (!strcmp(scripts[i].shell, shell))
			fputs(scripts[i].text, stdout);
	return STATUS_OK;
}
