/*
 * What the flame graph shows at work: counts words over and over, and writes the most frequent ones. It does
 * without the C library where it can, which is built without frame pointers: stacks would end there.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define WORDS 20000
#define BUCKETS 4096
#define LETTERS 6
#define OFTEN __attribute__((noinline))

struct word {
	struct word *next;
	unsigned hash, count;
	char text[LETTERS + 1];
};

static struct word words[WORDS], *buckets[BUCKETS], *sorted[WORDS];
static unsigned used;
static unsigned char input[WORDS * LETTERS];
static char output[1 << 19];

OFTEN static unsigned hash_of(const char *text)
{
	unsigned hash = 2166136261u;

	while (*text)
		hash = (hash ^ (unsigned char)*text++) * 16777619u;
	return hash;
}

OFTEN static int compare_texts(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return *a - *b;
}

OFTEN static struct word *find_word(const char *text, unsigned hash)
{
	struct word *word = buckets[hash % BUCKETS];

	while (word && (word->hash != hash || compare_texts(word->text, text)))
		word = word->next;
	return word;
}

OFTEN static void add_word(const char *text, unsigned hash)
{
	struct word *word = &words[used];

	sorted[used++] = word;
	word->next = buckets[hash % BUCKETS];
	word->hash = hash;
	word->count = 1;
	for (int at = 0; at <= LETTERS; at++)
		word->text[at] = text[at];
	buckets[hash % BUCKETS] = word;
}

OFTEN static void count_word(const char *text)
{
	unsigned hash = hash_of(text);
	struct word *word = find_word(text, hash);

	if (word)
		word->count++;
	else
		add_word(text, hash);
}

/* As read(2) and write(2) of the C library, with a frame of their own. */
OFTEN static long call_kernel(long number, long fd, const void *bytes, unsigned long size)
{
#ifdef __x86_64__
	long result = number;

	asm volatile("syscall" : "+a"(result) : "D"(fd), "S"(bytes), "d"(size) : "rcx", "r11", "memory");
	return result;
#else
	return number ? write(fd, bytes, size) : read(fd, (void *)bytes, size);
#endif
}

OFTEN static void read_words(int fd)
{
	char text[LETTERS + 1];

	call_kernel(0, fd, input, sizeof(input));
	for (unsigned at = 0; at < sizeof(input); at += LETTERS) {
		for (int letter = 0; letter < LETTERS; letter++)
			text[letter] = 'a' + input[at + letter] % 7;
		text[4 + input[at] % 3] = 0;
		count_word(text);
	}
}

OFTEN static int compare_words(const struct word *a, const struct word *b)
{
	return a->count == b->count ? compare_texts(a->text, b->text) : a->count < b->count ? 1 : -1;
}

OFTEN static void sift_down(unsigned at, unsigned end)
{
	for (unsigned child; (child = 2 * at + 1) < end; at = child) {
		struct word *word = sorted[at];

		if (child + 1 < end && compare_words(sorted[child], sorted[child + 1]) < 0)
			child++;
		if (compare_words(word, sorted[child]) >= 0)
			return;
		sorted[at] = sorted[child];
		sorted[child] = word;
	}
}

OFTEN static void sort_words(void)
{
	for (unsigned at = used / 2; at-- > 0;)
		sift_down(at, used);
	for (unsigned end = used; end-- > 1;) {
		struct word *word = sorted[0];

		sorted[0] = sorted[end];
		sorted[end] = word;
		sift_down(0, end);
	}
}

OFTEN static char *print_number(char *at, unsigned number)
{
	if (number >= 10)
		at = print_number(at, number / 10);
	*at = '0' + number % 10;
	return at + 1;
}

OFTEN static void write_report(int fd)
{
	char *at = output;

	for (unsigned index = 0; index < used; index++) {
		for (const char *text = sorted[index]->text; *text;)
			*at++ = *text++;
		*at++ = ' ';
		at = print_number(at, sorted[index]->count);
		*at++ = '\n';
	}
	lseek(fd, 0, SEEK_SET);
	call_kernel(1, fd, output, at - output);
}

int main(int argc, char **argv)
{
	time_t end = time(NULL) + (argc > 1 ? atoi(argv[1]) : 1);
	int random = open("/dev/urandom", O_RDONLY), report = open("/tmp", O_TMPFILE | O_RDWR, 0600);

	while (time(NULL) < end) {
		used = 0;
		for (unsigned bucket = 0; bucket < BUCKETS; bucket++)
			buckets[bucket] = NULL;
		read_words(random);
		sort_words();
		write_report(report);
	}
	return 0;
}
