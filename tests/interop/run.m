% Runs the recipes that attempts.txt lists and prints what each left in `x`, as JSON: for tests/src/interop/tools.rs.

1;

function s = quote_text(x)
  x = strrep(strrep(x, '\', '\\'), '"', '\"');
  x = strrep(strrep(x, "\n", '\n'), char(0), '\u0000');
  s = ['"' x '"'];
end

function s = encode_one(x)
  if iscomplex(x)
    s = ["[" encode_one(real(x)) "," encode_one(imag(x)) "]"];
  elseif islogical(x)
    s = {"false", "true"}{x + 1};
  elseif isinteger(x)
    s = strtrim(disp(x));
  elseif isna(x)
    s = "null";
  elseif isnan(x)
    s = '"nan"';
  elseif isinf(x)
    s = {'"inf"', '"-inf"'}{(x < 0) + 1};
  else
    s = sprintf("%.17g", x);
  end
end

function s = join(parts, open, close)
  s = [open strjoin(parts, ",") close];
end

function s = encode(x)
  if ischar(x)
    s = quote_text(x);
  elseif isa(x, "containers.Map")
    k = keys(x);
    s = join(cellfun(@(k) [quote_text(num2str(k)) ":" encode(x(k))], k, "UniformOutput", false), "{", "}");
  elseif isstruct(x)
    s = join(cellfun(@(n) [quote_text(n) ":" encode(x.(n))], fieldnames(x)', "UniformOutput", false), "{", "}");
  elseif iscell(x) && (isvector(x) || isempty(x))
    s = join(cellfun(@encode, x(:).', "UniformOutput", false), "[", "]");
  elseif iscell(x)
    s = join(cellfun(@(i) encode(x(i, :)), num2cell(1:rows(x)), "UniformOutput", false), "[", "]");
  elseif isequal(size(x), [0 0]) && isa(x, "double")
    s = "null";
  elseif isscalar(x)
    s = encode_one(x);
  elseif ndims(x) == 2 && (rows(x) == 1 || columns(x) == 1)
    s = join(arrayfun(@encode_one, full(x(:)).', "UniformOutput", false), "[", "]");
  else
    shape = size(x);
    parts = {};
    for i = 1:shape(1)
      part = full(x)(i, :);
      if numel(shape) > 2
        part = reshape(part, shape(2:end));
      end
      parts{end + 1} = encode(part);
      if isempty(part)
        parts{end} = "[]";
      end
    end
    s = join(parts, "[", "]");
  end
end

function attempt(kind, how)
  try
    source([how ".m"]);
    printf("@\t%s\t%s\t%s\n", kind, how, encode(x));
  catch error
    printf("!\t%s\t%s\t%s\n", kind, how, strrep(error.message, "\n", " "));
  end
end

top = pwd();
warning("off", "all");
attempts = strsplit(strtrim(fileread("attempts.txt")), "\n");
for i = 1:numel(attempts)
  words = strsplit(attempts{i}, "\t");
  cd(fullfile(top, words{1}));
  attempt(words{:});
end
cd(top);
printf("@done\n");
